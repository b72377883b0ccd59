"""Free ports for one city, so that a second one may run beside it.

They lie below the ports that Linux gives to outgoing connections: 3,000 access points on one machine
take thousands of those, and a daemon that is restarted must find its own port free.
"""

import secrets
import socket
from dataclasses import dataclass, fields
from itertools import islice
from typing import Self

LOOPBACK = "127.0.0.1"
CANDIDATES = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the city's daemons answer on loopback."""

    api: int
    ap_channel: int
    portal_https: int
    portal_http: int
    radius_auth: int
    """UDP."""
    radius_acct: int
    """UDP."""
    controller_admin: int
    portal_admin: int
    gateway_admin: int
    radius_admin: int
    monitor_admin: int
    prometheus: int

    @classmethod
    def free(cls) -> Self:
        """Take ports that nobody holds now; each is free for TCP and for UDP."""
        candidates = secrets.SystemRandom().sample(CANDIDATES, len(CANDIDATES))
        free = (port for port in candidates if is_free(port))
        return cls(*islice(free, len(fields(cls))))

    def admin(self, daemon: str) -> int:
        """The port of a daemon's ``/metrics`` and ``/healthz``."""
        port: int = getattr(self, f"{daemon}_admin")
        return port


def is_free(port: int) -> bool:
    """Whether nobody holds a port of the loopback address, neither TCP nor UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True
