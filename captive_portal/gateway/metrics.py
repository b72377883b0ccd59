"""Prometheus metrics of the gateway. No address or name of a client is ever a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCY_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_LABELS = ("gateway",)


class GatewayMetrics:
    """Every metric of one gateway, `kolco_gateway_…`, labelled with its id."""

    def __init__(self, registry: CollectorRegistry, gateway_id: str) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"kolco_gateway_{name}", text, (*_LABELS, *labels), registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"kolco_gateway_{name}", text, _LABELS, registry=registry).labels(gateway_id)

        self.sessions_open = gauge("sessions_open", "Clients the gate lets through.")
        self.leases = gauge("leases", "DHCP leases that hold now.")
        self.dnsmasq_up = gauge("dnsmasq_up", "1 while the DHCP and DNS server runs.")
        self.opens = counter("opens", "Clients let through.").labels(gateway_id)
        self.closes = counter("closes", "Clients cut off.").labels(gateway_id)
        self.latency = Histogram(
            "kolco_gateway_open_latency_seconds",
            "From hearing of a session's start or end to the kernel's acknowledgement.",
            _LABELS,
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        ).labels(gateway_id)
        self.probes = _Bound(counter("probes", "Connectivity probes answered.", "os", "state"), gateway_id)
        self.redirects = counter("redirects", "Requests sent to the portal.").labels(gateway_id)
        self.malformed = counter("malformed_requests", "Requests that were no HTTP.").labels(gateway_id)
        self.refused_connections = counter(
            "refused_connections", "Connections above the redirector's bounds."
        ).labels(gateway_id)
        self.bytes = _Bound(counter("bytes", "Accounted layer-3 bytes.", "direction"), gateway_id)
        self.reconcile_diffs = _Bound(
            counter("reconcile_differences", "Differences between database and kernel, mended.", "kind"),
            gateway_id,
        )
        self.reconciles = counter("reconciles", "Comparisons of database and kernel.").labels(gateway_id)
        self.known_devices = counter("known_devices", "Devices let in again with no page.").labels(gateway_id)
        self.gate_errors = counter("gate_errors", "Refusals of the kernel.").labels(gateway_id)
        self.lease_events = _Bound(counter("lease_events", "Lease changes heard.", "kind"), gateway_id)
        self.lease_malformed = counter("lease_events_malformed", "Lease notes that were not one.").labels(
            gateway_id
        )


class _Bound:
    """A counter whose first label is the gateway."""

    def __init__(self, counter: Counter, gateway_id: str) -> None:
        self._counter = counter
        self._gateway_id = gateway_id

    def labels(self, *values: str) -> Counter:
        """The child for the other labels."""
        return self._counter.labels(self._gateway_id, *values)
