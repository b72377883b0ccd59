"""What to ask of which server, how fast, and what is wanted of the answers."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from radius.load.requests import IDENTIFIERS, Login, Station

_MOST_LANES: Final = 1_024
_FEWEST_OPEN: Final = 16


class Work(StrEnum):
    """What is asked."""

    PAP = "pap"
    ACCOUNTING = "accounting"
    TLS = "tls"
    TTLS_PAP = "ttls-pap"
    TTLS_GTC = "ttls-gtc"
    TTLS_MSCHAPV2 = "ttls-mschapv2"
    PEAP_MSCHAPV2 = "peap-mschapv2"
    PEAP_GTC = "peap-gtc"

    @property
    def is_eap(self) -> bool:
        """Whether a login takes several packets."""
        return self not in {Work.PAP, Work.ACCOUNTING}


@dataclass(frozen=True, slots=True)
class Target:
    """The server.

    Attributes:
        host: its address.
        port: its UDP port for this work.
        secret: the shared secret.
        require: Access-* answers without Message-Authenticator are not believed.
    """

    host: str
    port: int
    secret: bytes
    require: bool = True

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine; a name is not."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast, and how long answers are waited for.

    Attributes:
        rate: requests a second whatever the server does (open loop); for EAP logins a second. 0: closed loop.
        in_flight: closed loop: requests under way at a time, for EAP logins.
        seconds: end sending after this time even if there is more; 0: send all.
        timeout_s: an answer that comes later is none.
        retry_s: an access point sends the same octets again after this time; 0: it does not.
    """

    rate: float = 0.0
    in_flight: int = 128
    seconds: float = 0.0
    timeout_s: float = 3.0
    retry_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A load.

    Attributes:
        work: what is asked.
        target: the server.
        pace: how fast.
        logins: who logs in, at random; for accounting, whose sessions they are. None of them: accounting
            sessions have no user.
        count: PAP: requests; EAP: logins; accounting: sessions.
        interims: accounting: Interim-Updates of each session.
        classes: accounting: Class values to echo, one tuple for each login; empty: none.
        lanes: source sockets; 0: as many as the pace needs.
        verify_every: of how many answers one is verified; 1: all are, and the keys of EAP; 0: none.
        station: the access point.
        ca_pem: EAP: the authority of the server's certificate.
        identity: EAP-TLS: certificate and key of the device, PEM.
        newest_tls: EAP: newest version of TLS spoken, "1.2" or "1.3"; empty: any.
        batches: many datagrams in one system call where the system can.
    """

    work: Work
    target: Target
    pace: Pace
    logins: tuple[Login, ...] = ()
    count: int = 10_000
    interims: int = 1
    classes: tuple[tuple[bytes, ...], ...] = ()
    lanes: int = 0
    verify_every: int = 64
    station: Station = field(default_factory=Station)
    ca_pem: bytes = b""
    identity: tuple[bytes, bytes] | None = None
    newest_tls: str = ""
    batches: bool = True

    @property
    def packets(self) -> int:
        """How many requests are signed; for EAP how many logins there are."""
        return self.count * (self.interims + 2) if self.work == Work.ACCOUNTING else self.count

    def lanes_needed(self) -> int:
        """Return how many source sockets to use.

        In an open loop each needs an identifier free at its turn even if nothing is answered in time.
        The reports of a session stay in order as long as there are more sessions than identifiers.
        """
        if self.lanes:
            return self.lanes
        if self.pace.rate:
            wanted = int(self.pace.rate * self.pace.timeout_s / IDENTIFIERS * 1.25) + _FEWEST_OPEN
        else:
            wanted = min(_FEWEST_OPEN, self.pace.in_flight)
            wanted = max(wanted, -(-self.pace.in_flight // (IDENTIFIERS // 2)))
        if self.work == Work.ACCOUNTING:
            wanted = min(wanted, max(1, self.count // (2 * IDENTIFIERS)))
        return min(wanted, _MOST_LANES)

    def problem(self) -> str:
        """Return why this cannot be done, or nothing."""
        if not self.target.secret:
            return "a shared secret is needed"
        if self.work != Work.ACCOUNTING and not self.logins:
            return f"{self.work} needs somebody who logs in"
        if self.work == Work.TLS and self.identity is None:
            return "tls needs a device's certificate and key"
        if self.work.is_eap and not self.ca_pem:
            return "the authority of the server's certificate is needed"
        if self.count < 1 or self.pace.in_flight < 1:
            return "nothing to send"
        return ""
