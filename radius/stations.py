"""Calling-Station-Id and Called-Station-Id: which device, on which access point, in which network.

RFC 3580 §3.20, §3.21: a MAC such as `00-10-A4-23-19-C0`; the called one may go on with `:` and the
SSID. Every notation of a MAC that the field uses is read. A pure module.
"""

from dataclasses import dataclass

from controller.core.errors import InvalidInputError
from controller.core.mac import Mac, parse_mac

_NOTATION_LENGTHS = (17, 14, 13, 12)
"""aa-bb-cc-dd-ee-ff, aabb.ccdd.eeff, aabbcc-ddeeff, aabbccddeeff"""


@dataclass(frozen=True, slots=True)
class CalledStation:
    """The BSS a device joined. Either part may be missing: `None`, and an empty SSID."""

    mac: Mac | None
    ssid: str


def find_mac(text: str | None) -> Mac | None:
    """Return the MAC written in `text`, or None if it is not one."""
    if text is None:
        return None
    try:
        return parse_mac(text)
    except InvalidInputError:
        return None


def parse_called_station(text: str | None) -> CalledStation:
    """Read a Called-Station-Id; whatever is not understood is left out, nothing is an error."""
    if text is None:
        return CalledStation(None, "")
    for length in _NOTATION_LENGTHS:
        mac, rest = find_mac(text[:length]), text[length:]
        if mac is not None and (not rest or rest[0] == ":"):
            return CalledStation(mac, rest[1:])
    return CalledStation(None, "")
