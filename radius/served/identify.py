"""What names a session to its NAS in a Disconnect- or CoA-Request (RFC 5176 §3), in several ways.

A NAS acts on a session only if all that is named fits it, and NASes differ in what they know and how
they write it. So there are ways to try one after the other: some do not know Acct-Session-Id here, some
write a MAC in another notation, some go by User-Name alone. A pure module.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

from radius.protocol import attributes as a
from radius.protocol.packet import Attribute, encode_integer, encode_text
from radius.records import DIGEST_PREFIX


@dataclass(frozen=True, slots=True)
class Served:
    """A part of a session at a NAS: what its NAS may know it by.

    Attributes:
        nas_id: the NAS's entry.
        address: its IP address.
        acct_session_id: the NAS's name for it, or a digest of that.
        session_id: ours.
        mac: of the device.
        ip: of the device; empty if not known.
        username: under which it was let in; empty if not known.
    """

    nas_id: str
    address: str
    acct_session_id: str
    session_id: str
    mac: str
    ip: str = ""
    username: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.nas_id, self.address, self.acct_session_id


def identify(served: Served) -> list[list[Attribute]]:
    """Return the ways to name a session to its NAS, the most exact first; at least one."""
    known = not served.acct_session_id.startswith(DIGEST_PREFIX)
    session = [encode_text(a.ACCT_SESSION_ID, served.acct_session_id)] if known else []
    station = encode_text(a.CALLING_STATION_ID, served.mac.replace(":", "-").upper())
    ways = [[*session, station]]
    if session:
        ways += [session, [station]]
    ways.append([encode_text(a.CALLING_STATION_ID, served.mac)])
    if served.username:
        ways.append([encode_text(a.USER_NAME, served.username), *_framed_ip(served.ip)])
    elif served.ip:
        ways.append(_framed_ip(served.ip))
    return [way for way in ways if way]


def event_timestamp(now_s: int) -> Attribute:
    """Return the moment of a request, in Unix seconds: against replays (RFC 5176 §6.3)."""
    return encode_integer(a.EVENT_TIMESTAMP, now_s)


def _framed_ip(ip: str) -> list[Attribute]:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return []
    if address.version != _IPV4:
        return []
    return [(a.FRAMED_IP_ADDRESS, address.packed)]


_IPV4: Final = 4
