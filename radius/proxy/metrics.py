"""Metrics of the proxy: by home server and outcome; never by realm's user, device or address."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


class ProxyMetrics:
    """What the proxy counts.

    Args:
        registry: where the metrics are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "kolco_radius_proxied_total",
            "Access-Requests handed on to a home server, by how that ended.",
            ["home", "outcome"],
            registry=registry,
        )
        self._accounting = Counter(
            "kolco_radius_proxied_accounting_total",
            "Accounting-Requests for home servers: delivered, expired, overflow, abandoned or loop.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("delivered", "expired", "overflow", "abandoned", "loop"):
            self._accounting.labels(outcome)
        self._seconds = Histogram(
            "kolco_radius_proxied_seconds",
            "From handing an Access-Request on to the home server's reply.",
            ["home"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self._ignored = Counter(
            "kolco_radius_home_ignored_total",
            "What came from a home server's address and was not believed, by reason.",
            ["home", "reason"],
            registry=registry,
        )
        self._up = Gauge(
            "kolco_radius_home_up",
            "Processes in which the home server is taken for alive.",
            ["home", "kind"],
            registry=registry,
        )
        self._in_flight = Gauge(
            "kolco_radius_proxied_in_flight",
            "Access-Requests that wait for home servers; half of in_flight_max at most.",
            registry=registry,
        )
        self._reads = Counter(
            "kolco_radius_routes_read_total",
            "How often realms and home servers were read from the database.",
            registry=registry,
        )
        self._waiting = Gauge(
            "kolco_radius_proxied_accounting_waiting",
            "Accounting-Requests accepted here that their home server has not acknowledged yet.",
            registry=registry,
        )

    def count_request(self, home: str, outcome: str, seconds: float | None = None) -> None:
        """Count an Access-Request: accept, reject, challenge, timeout or refused; with how long it took."""
        self._requests.labels(home, outcome).inc()
        if seconds is not None:
            self._seconds.labels(home).observe(seconds)

    def count_accounting(self, outcome: str) -> None:
        """Count what became of an Accounting-Request."""
        self._accounting.labels(outcome).inc()

    def count_ignored(self, home: str, reason: str) -> None:
        """Count octets that were not believed."""
        self._ignored.labels(home, reason).inc()

    def watch_home(self, home: str, kind: str, up: Callable[[], float]) -> None:
        """Show whether a home server is taken for alive, read when it is asked for."""
        self._up.labels(home, kind).set_function(up)

    def forget_home(self, home: str, kind: str) -> None:
        """Show a home server no longer."""
        self._up.remove(home, kind)

    def count_read(self) -> None:
        """Count a reading of realms and home servers."""
        self._reads.inc()

    def watch_requests(self, waiting: Callable[[], float]) -> None:
        """Show how many Access-Requests wait, read when it is asked for."""
        self._in_flight.set_function(waiting)

    def watch_waiting(self, waiting: Callable[[], float]) -> None:
        """Show how much accounting waits, read when it is asked for."""
        self._waiting.set_function(waiting)
