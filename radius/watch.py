"""What RADIUS does right now, from two looks at its metrics. A pure module: text in, rows out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

_SHOWN: Final = {
    "kolco_radius_replies_total": ("answered", "outcome"),
    "kolco_radius_refusals_total": ("refused", "reason"),
    "kolco_radius_dropped_total": ("dropped", "reason"),
    "kolco_radius_duplicates_total": ("repeated", ""),
    "kolco_radius_accounting_records_total": ("accounting", "outcome"),
    "kolco_radius_disconnects_total": ("disconnect", "answer"),
    "kolco_radius_handed_over_total": ("handed over", "outcome"),
    "kolco_radius_radsec_ended_total": ("radsec ended", "reason"),
    "kolco_radius_proxied_total": ("proxied", "outcome"),
    "kolco_radius_worker_deaths_total": ("worker died", "worker"),
}
"""Counters that are shown: the word for each, and the label that tells its kinds apart."""

Key = tuple[str, str, str]
"""(what, which, NAS); the NAS is empty where the counter does not tell it."""
Snapshot = Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened between two looks, and in all since the daemon started."""

    what: str
    which: str
    nas: str
    per_second: float
    total: int


def read_snapshot(text: str) -> Snapshot:
    """Return the counters in the text of `/metrics`.

    Raises:
        ValueError: it is not in Prometheus's text format.
    """
    snapshot: dict[Key, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            shown = _SHOWN.get(sample.name)
            if shown is not None:
                what, label = shown
                key = (what, sample.labels.get(label, ""), sample.labels.get("nas", ""))
                snapshot[key] = snapshot.get(key, 0.0) + sample.value
    return snapshot


def compare(before: Snapshot, after: Snapshot, seconds: float) -> list[Rate]:
    """Return a rate for each counter, the busiest of each sort first; a counter that fell was restarted."""
    order = [word for word, _ in _SHOWN.values()]
    rates = [
        Rate(*key, max(0.0, value - before.get(key, 0.0)) / seconds, int(value))
        for key, value in after.items()
    ]
    return sorted(rates, key=lambda rate: (order.index(rate.what), -rate.per_second, -rate.total, rate.which))


def busy(rates: Iterable[Rate]) -> list[Rate]:
    """Return only what happened between the looks."""
    return [rate for rate in rates if rate.per_second > 0]
