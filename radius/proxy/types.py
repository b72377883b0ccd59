"""Home servers, as the parts of the proxy see them. Holds no behaviour."""

from dataclasses import dataclass

from radius.protocol.packet import Packet
from radius.proxy.hidden import Key


@dataclass(frozen=True, slots=True)
class Home:
    """A home server.

    Attributes:
        id: its identifier; a metric label.
        protocol: udp or radsec.
        host: address or host name.
        auth_port: port of authentication; with radsec, of everything.
        acct_port: port of accounting.
        secret: shared secret.
        server_name: name its certificate must hold.
        require_message_authenticator: drop Access-* replies without.
        trusted: it may set VLAN, filter and any vendor's attributes.
        status_server: it answers Status-Server.
    """

    id: str
    protocol: str
    host: str
    auth_port: int
    acct_port: int
    secret: bytes
    server_name: str
    require_message_authenticator: bool
    trusted: bool
    status_server: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient the proxy is, seconds.

    Attributes:
        response_s: what a home server has for an answer before the next one is asked.
        retransmit_s: pause before a request is sent again over UDP; each further one is twice as long.
        probe_s: pause between Status-Server to a home server that is down, and what it has to answer.
        watchdog_s: silence on a RadSec connection after which it is tried with Status-Server.
        revive_s: after this a home server that knows no Status-Server is tried with requests again.
        back_off_max_s: longest pause between attempts to connect.
    """

    response_s: float = 3.0
    retransmit_s: float = 1.0
    probe_s: float = 1.0
    watchdog_s: float = 20.0
    revive_s: float = 60.0
    back_off_max_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A home server's genuine reply.

    Attributes:
        packet: the reply.
        key: what values in it are hidden with.
    """

    packet: Packet
    key: Key


class NoAnswerError(Exception):
    """A home server did not answer in time, or cannot be reached."""
