"""Metrics of RADIUS: by NAS, outcome and reason; never by person, device or address.

What is counted for each packet is a `tally`; only gauges, read when asked for, are Prometheus's own.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from radius.protocol.errors import DropReason
from radius.tally import Tally

UNKNOWN_NAS: Final = "unknown"

_LATENCY_BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
_BATCH_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_METHODS: Final = (
    *("", "pap", "chap", "mab", "mschapv2", "mpsk", "proxied"),
    *("eap", "eap-tls", "eap-ttls", "eap-peap"),
)
"""Shown from zero on: the first answer must not be lost to rate()."""


class _Signing(Collector):
    def __init__(self) -> None:
        self.signing: Callable[[], Mapping[str, bool]] = dict

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "kolco_radius_nas_signs",
            "1 if for a week the NAS sent no Access-Request over UDP without Message-Authenticator, else 0; "
            "absent while nothing is known. Such requests are dropped where it is required (CVE-2024-3596).",
            labels=["nas"],
        )
        for nas, signs in self.signing().items():
            family.add_metric([nas], signs)
        return [family]


class RadiusMetrics:
    """What RADIUS counts.

    Args:
        registry: where the metrics are shown.
        tally: where what is counted is shown; one of its own in `registry` if left out.

    Attributes:
        tally: holds the counters; others may add theirs.
    """

    def __init__(self, registry: CollectorRegistry, tally: Tally | None = None) -> None:
        self._signing = _Signing()
        registry.register(self._signing)
        self.tally = Tally(registry) if tally is None else tally
        counter, histogram = self.tally.counter, self.tally.histogram
        self._requests = counter("kolco_radius_requests", "Genuine new requests.", "nas", "kind").by
        self._replies = counter(
            "kolco_radius_replies", "Answers sent, duplicates left out.", "nas", "outcome"
        ).by
        self._refusals = counter("kolco_radius_refusals", "Access-Rejects by reason.", "reason").by
        self._dropped = counter("kolco_radius_dropped", "Datagrams dropped unanswered.", "nas", "reason").by
        self._duplicates = counter(
            "kolco_radius_duplicates", "Retransmissions answered with the same octets.", "nas"
        ).by
        self._latency = histogram(
            "kolco_radius_reply_seconds",
            "From receiving a request to sending its answer; `method` is empty in accounting.",
            "kind",
            "method",
            bounds=_LATENCY_BUCKETS_S,
        )
        for method in _METHODS:
            self._latency.start(("access", method))
        self._latency.start(("accounting", ""))
        self._accounting = counter(
            "kolco_radius_accounting_records",
            "Accounting records by what became of them.",
            "kind",
            "outcome",
        ).by
        self._batch = histogram(
            "kolco_radius_accounting_batch_records",
            "Accounting records committed together.",
            bounds=_BATCH_BUCKETS,
        )
        self._batch.start(())
        self._disconnects = counter(
            "kolco_radius_disconnects", "Disconnect-Requests by what the NAS answered.", "nas", "answer"
        ).by
        self._endings = counter(
            "kolco_radius_session_endings",
            "Sessions that a NAS said it had ended, by what happened next: stopped and silent are over.",
            "nas",
            "ending",
        ).by
        self._changes = counter(
            "kolco_radius_session_changes",
            "CoA-Requests about open sessions by what the NAS answered.",
            "nas",
            "answer",
        ).by
        self._handed_over = counter(
            "kolco_radius_handed_over",
            "EAP datagrams for another worker's conversation, by what became of them.",
            "outcome",
        ).by
        self._clients = Gauge(
            "kolco_radius_nas_clients", "Networks from which RADIUS is answered.", registry=registry
        )
        self._ports = {
            name: Gauge(f"kolco_radius_{name}", text, ["port"], registry=registry)
            for name, text in (
                ("in_flight", "Requests being worked on."),
                ("remembered", "Answers kept for retransmissions."),
                ("waiting", "Datagrams that wait to be worked on, under overload."),
                ("delayed", "Access-Rejects that are kept back."),
                ("kernel_drops", "Datagrams lost to a full receive buffer since the port was opened."),
            )
        }

    def count_request(self, nas: str, kind: str) -> None:
        """Count a genuine new request; `kind` is access, accounting, status or other."""
        self._requests[nas, kind] += 1

    def count_reply(self, nas: str, outcome: str, kind: str, seconds: float, method: str = "") -> None:
        """Count an answer and how long it took; `method` is how the device proves itself, if it does."""
        self._replies[nas, outcome] += 1
        self._latency.observe(seconds, (kind, method))

    def count_refusal(self, reason: str) -> None:
        """Count an Access-Reject."""
        self._refusals[reason,] += 1

    def count_dropped(self, nas: str, reason: DropReason | str) -> None:
        """Count a datagram that is not answered."""
        self._dropped[nas, str(reason)] += 1

    def count_duplicate(self, nas: str) -> None:
        """Count a retransmission that was answered again."""
        self._duplicates[nas,] += 1

    def count_accounting(self, kind: str, outcome: str) -> None:
        """Count what became of an accounting record."""
        self._accounting[kind, outcome] += 1

    def count_disconnect(self, nas: str, answer: str) -> None:
        """Count a Disconnect-Request by its answer."""
        self._disconnects[nas, answer] += 1

    def count_ending(self, nas: str, ending: str) -> None:
        """Count what became of a session that was ended at its NAS."""
        self._endings[nas, ending] += 1

    def count_change(self, nas: str, answer: str) -> None:
        """Count a CoA-Request by its answer."""
        self._changes[nas, answer] += 1

    def count_handed_over(self, outcome: str) -> None:
        """Count a datagram for another worker: sent, full (its queue was) or taken (by its owner)."""
        self._handed_over[outcome,] += 1

    def observe_batch(self, records: int) -> None:
        """Note how many accounting records one commit held."""
        self._batch.observe(records)

    def watch_clients(self, value: Callable[[], float]) -> None:
        """Show the number of NAS entries, read when it is asked for."""
        self._clients.set_function(value)

    def watch_port(self, port: str, **gauges: Callable[[], float]) -> None:
        """Show the state of a port (in_flight, remembered, waiting, delayed), read when it is asked for."""
        for name, read in gauges.items():
            self._ports[name].labels(port).set_function(read)

    def watch_signing(self, signing: Callable[[], Mapping[str, bool]]) -> None:
        """Show which NASes sign their Access-Requests, read when it is asked for."""
        self._signing.signing = signing

    def watch_drops(self, port: str, drops: Callable[[], float]) -> None:
        """Show what the kernel lost before a port, of all who listen there; read when it is asked for."""
        self._ports["kernel_drops"].labels(port).set_function(drops)
