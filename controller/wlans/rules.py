"""What a WLAN may be: the rules of the standard and of this network.

Pure. Does not know which sites or other WLANs exist; the service asks that.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from controller.core.errors import InvalidInputError
from controller.sites.rules import check_slug
from controller.wlans.types import Band, WlanChanges, WlanView

SSID_MAX_BYTES = 32
"""IEEE 802.11-2020 §9.4.2.2 counts octets, not characters."""
VLAN_MAX = 4050
"""The limit of uCentral's schema, below the 4094 of IEEE 802.1Q: agents keep the rest for themselves."""

BANDS: tuple[Band, ...] = get_args(Band)


def check_ssid(ssid: str) -> str:
    """Return the SSID in Unicode form NFC, or raise InvalidInputError that says how long it is."""
    ssid = unicodedata.normalize("NFC", ssid)
    try:
        size = len(ssid.encode())
    except UnicodeEncodeError as exc:
        raise InvalidInputError("the SSID is not valid Unicode") from exc
    if not ssid.strip():
        raise InvalidInputError("the SSID is empty")
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in ssid):
        raise InvalidInputError("the SSID holds a control character")
    if ssid != ssid.strip():
        raise InvalidInputError("the SSID begins or ends with a space", hint="people cannot see it")
    if size > SSID_MAX_BYTES:
        raise InvalidInputError(
            f"the SSID takes {size} bytes in UTF-8; at most {SSID_MAX_BYTES} fit on the air",
            hint="A Cyrillic letter takes two bytes.",
            bytes=size,
        )
    return ssid


def check_wlan(wlan: WlanView) -> WlanView:
    """Return the WLAN with SSID and bands in canonical form, or raise InvalidInputError."""
    check_slug(wlan.id, "WLAN id")
    if not wlan.bands:
        raise InvalidInputError("a WLAN needs at least one band", hint="bands are 2.4, 5 and 6")
    # WPA3 specification v3.3 §11.2: no open and no transition mode at 6 GHz.
    if "6" in wlan.bands and wlan.security != "owe":
        raise InvalidInputError(
            f"6 GHz does not allow security {wlan.security!r}",
            hint="Use owe, or a second WLAN with the same SSID for 6.",
        )
    if wlan.vlan is not None and not 1 <= wlan.vlan <= VLAN_MAX:
        raise InvalidInputError(f"VLAN {wlan.vlan} is not in 1–{VLAN_MAX}")
    return replace(
        wlan,
        ssid=check_ssid(wlan.ssid),
        bands=tuple(band for band in BANDS if band in wlan.bands),
        sites=() if wlan.all_sites else tuple(sorted(set(wlan.sites))),
    )


def apply_changes(wlan: WlanView, changes: WlanChanges) -> WlanView:
    """Return the WLAN after the changes, checked."""
    vlan = wlan.vlan if changes.vlan is None else (changes.vlan or None)
    return check_wlan(
        replace(
            wlan,
            ssid=wlan.ssid if changes.ssid is None else changes.ssid,
            security=changes.security or wlan.security,
            bands=wlan.bands if changes.bands is None else changes.bands,
            vlan=vlan,
            isolate=wlan.isolate if changes.isolate is None else changes.isolate,
            enabled=wlan.enabled if changes.enabled is None else changes.enabled,
            all_sites=wlan.all_sites if changes.sites is None else not changes.sites,
            sites=wlan.sites if changes.sites is None else changes.sites,
        )
    )


def find_clash(wlan: WlanView, others: Sequence[WlanView]) -> WlanView | None:
    """Find another enabled WLAN with this SSID on a common band and a common site, if any."""
    if not wlan.enabled:
        return None
    for other in others:
        if other.id == wlan.id or not other.enabled or other.ssid != wlan.ssid:
            continue
        common_site = wlan.all_sites or other.all_sites or set(wlan.sites) & set(other.sites)
        if common_site and set(wlan.bands) & set(other.bands):
            return other
    return None


def changed_fields(before: WlanView, after: WlanView) -> dict[str, list[object]]:
    """Return {field: [old, new]} of what differs, as JSON values."""
    changed: dict[str, list[object]] = {}
    for name in ("ssid", "security", "bands", "vlan", "isolate", "enabled", "all_sites", "sites"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            changed[name] = [_plain(old), _plain(new)]
    return changed


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
