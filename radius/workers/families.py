"""Metrics of Prometheus's own kind as a worker reports them, and their sums. A pure module.

Counters and histograms are summed over workers, and what a worker that has ended had counted stays in
the sum, so that they only grow. Gauges are summed over those that live, or as `GAUGE_RULES` says.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
from prometheus_client.metrics_core import Metric

Labels = tuple[tuple[str, str], ...]
_Key = tuple[str, Labels]
"""(name of the sample, labels in order of their names)"""

GAUGE_RULES: Final[Mapping[str, Callable[[float, float], float]]] = {
    "kolco_radius_nas_clients": max,
    "kolco_radius_network_keys": max,
    "kolco_radius_table_age_seconds": max,
    "kolco_radius_table_from_disk": max,
    "kolco_radius_eap_certificate_expiry_timestamp_seconds": min,
    "kolco_radius_radsec_certificate_expiry_timestamp_seconds": min,
    "kolco_radius_radsec_crl_next_update_timestamp_seconds": min,
    "kolco_radius_radsec_peers": max,
    "kolco_radius_radsec_files_readable": min,
}
"""Gauges that are not summed, because each process shows the same thing."""
_CREATED: Final = "_created"


class FamilyReport(msgspec.Struct, frozen=True, array_like=True):
    """A metric as it stands: its name, its type, its help and (sample, labels, value)."""

    name: str
    kind: str
    text: str
    samples: list[tuple[str, Labels, float]]


def report_families(families: Iterable[Metric]) -> list[FamilyReport]:
    """Return metrics in a form that can be sent; when they were made is left out."""
    return [
        FamilyReport(
            family.name,
            family.type,
            family.documentation,
            [
                (sample.name, tuple(sorted(sample.labels.items())), sample.value)
                for sample in family.samples
                if not sample.name.endswith(_CREATED)
            ],
        )
        for family in families
    ]


class FamilySums:
    """What all workers, those that ended included, report."""

    def __init__(self) -> None:
        self._last: dict[int, list[FamilyReport]] = {}
        self._ended: dict[str, dict[_Key, float]] = {}
        self._known: dict[str, FamilyReport] = {}

    def take(self, worker: int, families: list[FamilyReport]) -> None:
        """Take a worker's report, in place of its last."""
        self._last[worker] = families

    def retire(self, worker: int) -> None:
        """Keep what a worker that has ended had counted, and forget its gauges."""
        for family in self._last.pop(worker, ()):
            if family.kind != "gauge":
                self._known[family.name] = family
                _add(self._ended.setdefault(family.name, {}), family)

    def merge(self, own: Iterable[Metric]) -> list[Metric]:
        """Return the parent's own metrics and the workers', each metric once."""
        theirs = [one for last in self._last.values() for one in last]
        shared = {one.name for one in theirs} | self._known.keys()
        only_ours: list[Metric] = []
        ours: list[Metric] = []
        for family in own:
            (ours if family.name in shared else only_ours).append(family)
        reports = [*report_families(ours), *theirs]
        kinds = {report.name: report for report in (*self._known.values(), *reversed(reports))}
        sums: dict[str, dict[_Key, float]] = {name: dict(self._ended.get(name, {})) for name in kinds}
        for report in reports:
            _add(sums[report.name], report)
        return [*only_ours, *(_shown(kinds[name], samples) for name, samples in sums.items())]


def _add(sums: dict[_Key, float], family: FamilyReport) -> None:
    rule = GAUGE_RULES.get(family.name)
    for name, labels, value in family.samples:
        key = (name, labels)
        if key not in sums:
            sums[key] = value
        else:
            sums[key] = sums[key] + value if rule is None else rule(sums[key], value)


def _shown(report: FamilyReport, samples: Mapping[_Key, float]) -> Metric:
    family = Metric(report.name, report.text, report.kind)
    for (name, labels), value in samples.items():
        family.add_sample(name, dict(labels), value)
    return family
