"""What a session gets, in the attributes that a NAS's maker understands. A pure module, tables mostly.

Numbers are from the makers' documents and dictionaries: MikroTik's RouterOS manual, Cisco's list of
attributes of its wireless controllers (Airespace), ArubaOS, Ruckus SmartZone, Huawei, Cambium cnMaestro,
CoovaChilli. `generic` is what most others understand: WISPr's rates and RFC attributes.
"""

from dataclasses import dataclass
from typing import Final

from controller.nas.types import VENDORS
from radius.protocol import attributes as a
from radius.protocol.packet import (
    Attribute,
    encode_integer,
    encode_text,
    encode_vendor,
    encode_vendor_integer,
)

GENERIC: Final = VENDORS[0]

_HUAWEI: Final = 2011
_CISCO_AIRESPACE: Final = 14179
_CHILLISPOT: Final = 14559
_ARUBA: Final = 14823
_MIKROTIK: Final = 14988
_CAMBIUM: Final = 17713
_RUCKUS: Final = 25053

_BITS_PER_KILOBIT: Final = 1_000
_GIGAWORD_BITS: Final = 32
_NO_LIMIT_KBPS: Final = 4_294_967
"""Says that a limit is lifted, where leaving it out would keep it: the most that fits as bit/s."""
_LOW_WORD: Final = 0xFFFFFFFF
_TUNNEL_VLAN: Final = 13
"""Tunnel-Type VLAN (RFC 3580 §3.31)."""
_MEDIUM_802: Final = 6
"""Tunnel-Medium-Type IEEE-802; as for the type, the first of the four octets is the tag, 0 for none."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session gets beside its time: the plan's, changed by the policy.

    Attributes:
        idle_s: longest silence.
        interim_s: between two accounting records.
        down_kbps: rate towards the device; None: no limit.
        up_kbps: rate from the device; None: no limit.
        vlan: 1 to 4094, or None.
        filter: name of a filter or role the NAS knows; empty: none.
    """

    idle_s: int
    interim_s: int
    down_kbps: int | None = None
    up_kbps: int | None = None
    vlan: int | None = None
    filter: str = ""


def rate_attributes(vendor: str, down_kbps: int | None, up_kbps: int | None) -> list[Attribute]:
    """Return the attributes of the rates; None is no limit."""
    if down_kbps is None and up_kbps is None:
        return []
    if vendor == "mikrotik":  # from the router's side: rx, what it receives from the device, comes first
        return [_text(_MIKROTIK, 8, f"{_mikrotik_rate(up_kbps)}/{_mikrotik_rate(down_kbps)}")]
    enterprise, up, down, unit = _RATES.get(vendor, _WISPR_RATES)
    return [
        encode_vendor_integer(enterprise, kind, kbps * unit)
        for kind, kbps in ((up, up_kbps), (down, down_kbps))
        if kbps is not None
    ]


def vlan_attributes(vendor: str, vlan: int) -> list[Attribute]:
    """Return the attributes that put a device into a VLAN.

    Tunnel-Private-Group-ID has no tag: its first octet is a digit, above 0x1F (RFC 2868 §3.6).
    """
    attributes = [
        encode_integer(a.TUNNEL_TYPE, _TUNNEL_VLAN),
        encode_integer(a.TUNNEL_MEDIUM_TYPE, _MEDIUM_802),
        encode_text(a.TUNNEL_PRIVATE_GROUP_ID, str(vlan)),
    ]
    if vendor == "mikrotik":  # its older wireless drivers know only these: the id, and 0 for 802.1Q
        attributes.append(encode_vendor_integer(_MIKROTIK, 26, vlan))
        attributes.append(encode_vendor_integer(_MIKROTIK, 27, 0))
    return attributes


def filter_attributes(vendor: str, name: str) -> list[Attribute]:
    """Return the attributes that name a filter, access list or role."""
    standard = encode_text(a.FILTER_ID, name)
    own = _FILTERS.get(vendor)
    if own is None:
        return [standard]
    # For MikroTik Filter-Id is a chain of its firewall, which must exist; a list need not.
    return [_text(*own, name)] if vendor == "mikrotik" else [standard, _text(*own, name)]


def quota_attributes(vendor: str, octets: int) -> list[Attribute]:
    """Return the attributes of the volume left in both directions together; most makers have none.

    A NAS that is told none is sent a Disconnect-Request when the volume is used up.
    """
    kinds = _QUOTAS.get(vendor)
    if kinds is None:
        return []
    enterprise, low, high = kinds
    return [
        encode_vendor_integer(enterprise, low, octets & _LOW_WORD),
        encode_vendor_integer(enterprise, high, octets >> _GIGAWORD_BITS),
    ]


def term_attributes(vendor: str, terms: Terms) -> list[Attribute]:
    """Return the attributes of all terms: what all Accepts of a plan to a maker's NASes share."""
    attributes = [
        encode_integer(a.IDLE_TIMEOUT, terms.idle_s),
        encode_integer(a.ACCT_INTERIM_INTERVAL, terms.interim_s),
        *rate_attributes(vendor, terms.down_kbps, terms.up_kbps),
    ]
    if terms.vlan is not None:
        attributes += vlan_attributes(vendor, terms.vlan)
    if terms.filter:
        attributes += filter_attributes(vendor, terms.filter)
    return attributes


def change_attributes(vendor: str, terms: Terms) -> list[Attribute]:
    """Return what a CoA-Request changes of an open session: times, rates and filter (RFC 5176 §3.2).

    A VLAN is left out: a device that is moved without joining anew keeps an address of the old one.
    """
    attributes = [
        encode_integer(a.IDLE_TIMEOUT, terms.idle_s),
        *rate_attributes(vendor, terms.down_kbps or _NO_LIMIT_KBPS, terms.up_kbps or _NO_LIMIT_KBPS),
    ]
    if terms.filter:
        attributes += filter_attributes(vendor, terms.filter)
    return attributes


def _text(enterprise: int, kind: int, text: str) -> Attribute:
    return encode_vendor(enterprise, kind, text.encode())


def _mikrotik_rate(kbps: int | None) -> str:
    return f"{kbps}k" if kbps else "0"


_WISPR_RATES: Final = (
    a.VENDOR_WISPR,
    a.WISPR_BANDWIDTH_MAX_UP,
    a.WISPR_BANDWIDTH_MAX_DOWN,
    _BITS_PER_KILOBIT,
)
_RATES: Final = {
    "chilli": (_CHILLISPOT, 4, 5, 1),
    "cisco": (_CISCO_AIRESPACE, 13, 7, 1),
    "huawei": (_HUAWEI, 2, 5, _BITS_PER_KILOBIT),
}
"""(enterprise, type of the rate from the device, towards it, units of a kbit/s)"""
_FILTERS: Final = {
    "aruba": (_ARUBA, 1),
    "cisco": (_CISCO_AIRESPACE, 6),
    "mikrotik": (_MIKROTIK, 19),
    "ruckus": (_RUCKUS, 1),
}
"""(enterprise, type): Aruba-User-Role, Airespace-ACL-Name, Mikrotik-Address-List, Ruckus-User-Groups"""
_QUOTAS: Final = {
    "cambium": (_CAMBIUM, 155, 156),
    "chilli": (_CHILLISPOT, 3, 23),
    "mikrotik": (_MIKROTIK, 17, 18),
}
"""(enterprise, type of the lower 32 bits, of the upper)"""
