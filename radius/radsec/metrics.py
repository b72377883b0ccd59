"""Metrics of RadSec: connections by why they ended. Requests are counted with those of all RADIUS."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge


class Ended(StrEnum):
    """Why a RadSec connection ended, or never began; a closed set, because it is a metric label."""

    CLOSED = "closed"
    """By the peer, or the network."""
    HANDSHAKE = "handshake"
    """TLS came to no agreement: a certificate of nobody we trust, an old version, or no TLS at all."""
    UNKNOWN = "unknown-peer"
    """The certificate is good, but belongs to no NAS."""
    REVOKED = "revoked"
    REMOVED = "removed"
    """The NAS was removed, disabled or retired meanwhile."""
    FULL = "full"
    """There were too many connections."""
    IDLE = "idle"
    SLOW = "slow-reader"
    """It did not take our answers."""
    GARBAGE = "garbage"
    """What it sent is no RADIUS, or not signed with the secret of RadSec."""
    SHUTDOWN = "shutdown"


class RadsecMetrics:
    """What RadSec counts.

    Args:
        registry: where the metrics are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter(
            "kolco_radius_radsec_accepted_total",
            "RadSec connections of known NASes that came to be.",
            ["nas"],
            registry=registry,
        )
        self._ended = Counter(
            "kolco_radius_radsec_ended_total",
            "RadSec connections by why they ended or were refused.",
            ["reason"],
            registry=registry,
        )
        for reason in Ended:
            self._ended.labels(reason.value)
        self._open = Gauge("kolco_radius_radsec_connections", "RadSec connections open.", registry=registry)
        self._expiry = Gauge(
            "kolco_radius_radsec_certificate_expiry_timestamp_seconds",
            "When our RadSec server certificate expires, unix time.",
            registry=registry,
        )
        self._peers = Gauge(
            "kolco_radius_radsec_peers",
            "Peers that may come by RadSec: NAS entries by name, and adopted access points.",
            ["kind"],
            registry=registry,
        )
        self._crl = Gauge(
            "kolco_radius_radsec_crl_next_update_timestamp_seconds",
            "When the first revocation list is out of date, unix time; 0: there is none.",
            registry=registry,
        )

        self._readable = Gauge(
            "kolco_radius_radsec_files_readable",
            "1 if certificates, authorities and revocation lists could be read when they last changed.",
            registry=registry,
        )

    def count_accepted(self, nas: str) -> None:
        """Count a connection of a known NAS."""
        self._accepted.labels(nas).inc()

    def count_ended(self, reason: Ended) -> None:
        """Count a connection that ended or was refused."""
        self._ended.labels(reason.value).inc()

    def watch(self, connections: Callable[[], float], readable: Callable[[], float]) -> None:
        """Show the number of open connections and whether files are readable, read when it is asked for."""
        self._open.set_function(connections)
        self._readable.set_function(readable)

    def show_peers(self, names: int, access_points: int) -> None:
        """Show how many may come."""
        self._peers.labels("nas").set(names)
        self._peers.labels("access-point").set(access_points)

    def show_trust(self, expires_at: float, next_update: datetime | None) -> None:
        """Show until when our certificate and the revocation lists are good."""
        self._expiry.set(expires_at)
        self._crl.set(0 if next_update is None else next_update.timestamp())
