"""Metrics of RADIUS: by NAS, outcome and reason; never by person, device or address.

Labels are bound once and kept, because a packet's budget is tens of microseconds.
"""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from radius.protocol.errors import DropReason

UNKNOWN_NAS: Final = "unknown"

_LATENCY_BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
_BATCH_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class RadiusMetrics:
    """What RADIUS counts.

    Args:
        registry: where the metrics are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "kolco_radius_requests_total", "Genuine new requests.", ["nas", "kind"], registry=registry
        )
        self._replies = Counter(
            "kolco_radius_replies_total",
            "Answers sent, duplicates left out.",
            ["nas", "outcome"],
            registry=registry,
        )
        self._refusals = Counter(
            "kolco_radius_refusals_total", "Access-Rejects by reason.", ["reason"], registry=registry
        )
        self._dropped = Counter(
            "kolco_radius_dropped_total",
            "Datagrams dropped unanswered.",
            ["nas", "reason"],
            registry=registry,
        )
        self._duplicates = Counter(
            "kolco_radius_duplicates_total",
            "Retransmissions answered with the same octets.",
            ["nas"],
            registry=registry,
        )
        self._latency = Histogram(
            "kolco_radius_reply_seconds",
            "From receiving a request to sending its answer.",
            ["kind"],
            buckets=_LATENCY_BUCKETS_S,
            registry=registry,
        )
        self._accounting = Counter(
            "kolco_radius_accounting_records_total",
            "Accounting records by what became of them.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._batch = Histogram(
            "kolco_radius_accounting_batch_records",
            "Accounting records committed together.",
            buckets=_BATCH_BUCKETS,
            registry=registry,
        )
        self._disconnects = Counter(
            "kolco_radius_disconnects_total",
            "Disconnect-Requests by what the NAS answered.",
            ["nas", "answer"],
            registry=registry,
        )
        self._clients = Gauge(
            "kolco_radius_nas_clients", "Networks from which RADIUS is answered.", registry=registry
        )
        self._ports = {
            name: Gauge(f"kolco_radius_{name}", text, ["port"], registry=registry)
            for name, text in (
                ("in_flight", "Requests being worked on."),
                ("remembered", "Answers kept for retransmissions."),
                ("kernel_drops", "Datagrams lost to a full receive buffer since the port was opened."),
            )
        }
        self._bound: dict[tuple[str, ...], Counter] = {}
        # Counted from zero: the first answer must not be lost to rate().
        self._bound_latency: dict[str, Histogram] = {
            kind: self._latency.labels(kind) for kind in ("access", "accounting")
        }

    def count_request(self, nas: str, kind: str) -> None:
        """Count a genuine new request; `kind` is access, accounting, status or other."""
        self._child(self._requests, "requests", nas, kind).inc()

    def count_reply(self, nas: str, outcome: str, kind: str, seconds: float) -> None:
        """Count an answer and how long it took."""
        self._child(self._replies, "replies", nas, outcome).inc()
        latency = self._bound_latency.get(kind)
        if latency is None:
            latency = self._bound_latency[kind] = self._latency.labels(kind)
        latency.observe(seconds)

    def count_refusal(self, reason: str) -> None:
        """Count an Access-Reject."""
        self._child(self._refusals, "refusals", reason).inc()

    def count_dropped(self, nas: str, reason: DropReason | str) -> None:
        """Count a datagram that is not answered."""
        self._child(self._dropped, "dropped", nas, str(reason)).inc()

    def count_duplicate(self, nas: str) -> None:
        """Count a retransmission that was answered again."""
        self._child(self._duplicates, "duplicates", nas).inc()

    def count_accounting(self, kind: str, outcome: str) -> None:
        """Count what became of an accounting record."""
        self._child(self._accounting, "accounting", kind, outcome).inc()

    def count_disconnect(self, nas: str, answer: str) -> None:
        """Count a Disconnect-Request by its answer."""
        self._child(self._disconnects, "disconnects", nas, answer).inc()

    def observe_batch(self, records: int) -> None:
        """Note how many accounting records one commit held."""
        self._batch.observe(records)

    def watch_clients(self, value: Callable[[], float]) -> None:
        """Show the number of NAS entries, read when it is asked for."""
        self._clients.set_function(value)

    def watch_port(
        self,
        port: str,
        *,
        in_flight: Callable[[], float],
        remembered: Callable[[], float],
        kernel_drops: Callable[[], float],
    ) -> None:
        """Show the state of a port, read when it is asked for."""
        self._ports["in_flight"].labels(port).set_function(in_flight)
        self._ports["remembered"].labels(port).set_function(remembered)
        self._ports["kernel_drops"].labels(port).set_function(kernel_drops)

    def _child(self, counter: Counter, name: str, *labels: str) -> Counter:
        key = (name, *labels)
        child = self._bound.get(key)
        if child is None:
            child = self._bound[key] = counter.labels(*labels)
        return child
