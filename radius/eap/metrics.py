"""Metrics of EAP: by method and outcome; never by person, device or address."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge


class EapMetrics:
    """What EAP counts. Datagrams that are dropped and refusals are counted with those of all RADIUS.

    Args:
        registry: where the metrics are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._conversations = Counter(
            "kolco_radius_eap_total",
            "EAP conversations by method and how they ended.",
            ["method", "outcome"],
            registry=registry,
        )
        self._sessions = Gauge(
            "kolco_radius_eap_sessions", "Devices in the middle of EAP.", registry=registry
        )
        self._expiry = Gauge(
            "kolco_radius_eap_certificate_expiry_timestamp_seconds",
            "When the certificate that devices see in EAP expires, unix time; a restart renews kolco's own.",
            registry=registry,
        )

    def count(self, method: str, outcome: str) -> None:
        """Count a conversation that ended: accept, reject or abandoned."""
        self._conversations.labels(method, outcome).inc()

    def show_expiry(self, expires_at: datetime) -> None:
        """Show when our certificate expires."""
        self._expiry.set(expires_at.timestamp())

    def watch(self, sessions: Callable[[], float]) -> None:
        """Show the number of conversations under way, read when it is asked for."""
        self._sessions.set_function(sessions)
