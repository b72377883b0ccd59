"""Calling-Station-Id and Called-Station-Id: which device, on which access point, in which network.

RFC 3580 §3.20, §3.21: a MAC such as `00-10-A4-23-19-C0`; the called one may go on with `:` and the
SSID. Every notation of a MAC that the field uses is read. A pure module.
"""

from dataclasses import dataclass
from typing import Final

from controller.core.errors import InvalidInputError
from controller.core.mac import Mac, parse_mac

_NOTATION_LENGTHS: Final = (17, 14, 13, 12)
"""aa-bb-cc-dd-ee-ff, aabb.ccdd.eeff, aabbcc-ddeeff, aabbccddeeff"""
_SEPARATORS: Final = ("-----", ":::::")
_OCTETS: Final = 6
_MOST_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True)
class CalledStation:
    """The BSS a device joined. Either part may be missing: `None`, and an empty SSID."""

    mac: Mac | None
    ssid: str


NOT_TOLD: Final = CalledStation(None, "")
_called: Final[dict[str, CalledStation]] = {}
"""What was parsed before: a city has some thousands of these, and each login tells one of them."""


def find_mac(text: str | None) -> Mac | None:
    """Return the MAC written in `text`, or None if it is not one."""
    if text is None:
        return None
    if len(text) == _NOTATION_LENGTHS[0] and text[2::3] in _SEPARATORS:  # nearly all that is told
        try:
            octets = bytes.fromhex(text.replace(text[2], ""))
        except ValueError:
            return None
        return Mac(octets.hex(":")) if len(octets) == _OCTETS else None  # fewer: there were spaces
    if len(text.strip()) not in _NOTATION_LENGTHS:
        return None
    try:
        return parse_mac(text)
    except InvalidInputError:
        return None


def parse_called_station(text: str | None) -> CalledStation:
    """Read a Called-Station-Id; whatever is not understood is left out, nothing is an error."""
    if text is None:
        return NOT_TOLD
    called = _called.get(text)
    if called is None:
        if len(_called) >= _MOST_REMEMBERED:
            _called.clear()
        called = _called[text] = _parse_called_station(text)
    return called


def _parse_called_station(text: str) -> CalledStation:
    for length in _NOTATION_LENGTHS:
        mac, rest = find_mac(text[:length]), text[length:]
        if mac is not None and (not rest or rest[0] == ":"):
            return CalledStation(mac, rest[1:].replace("\0", "\ufffd"))  # no database takes a zero octet
    return CalledStation(None, "")
