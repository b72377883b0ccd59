"""Refuses a uCentral configuration that an access point would reject or misread. Pure.

It knows what the JSON Schema cannot say (bytes of an SSID, what 6 GHz forbids) and those limits of
the schema that our own input can break. It is not a general schema validator.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from controller.provisioning.types import Fault

MAX_SSID_BYTES = 32
MAX_BSS_PER_RADIO = 8
MAX_VLAN = 4050
"""The schema's limit, below the 4094 of IEEE 802.1Q: agents keep the rest for themselves."""
MIN_INTERVAL_S = 60
MAX_TX_POWER_DBM = 30

_PROTOS_6G = frozenset({"owe", "sae", "wpa3", "wpa3-192"})
_PROTOS_WITHOUT_KEY = frozenset({"none", "owe", "owe-transition"})
_PROTOS_WITH_KEY = frozenset({"psk", "psk2", "psk-mixed", "sae", "sae-mixed"})
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_CHANNELS = {
    "2G": frozenset(range(1, 14)),
    "5G": frozenset({*range(36, 65, 4), *range(100, 145, 4), *range(149, 178, 4)}),
    "6G": frozenset(range(1, 234, 4)),
}
_WIDTHS = {"2G": (20, 40), "5G": (20, 40, 80, 160), "6G": (20, 40, 80, 160, 320)}


def validate(config: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Return every fault of ``config``, in the order of the document; empty means it is good."""
    return tuple(_faults(config))


def _faults(config: Mapping[str, Any]) -> Iterator[Fault]:
    unit = config.get("unit", {})
    hostname = unit.get("hostname")
    if hostname is not None and not _HOSTNAME.fullmatch(hostname):
        yield Fault("unit.hostname", f"{hostname!r} is not a host name (RFC 1123)")
    radios = config.get("radios", [])
    if not radios:
        yield Fault("radios", "an access point without radios offers nothing")
    for index, radio in enumerate(radios):
        yield from _radio(f"radios[{index}]", radio)
    bands = [radio.get("band") for radio in radios]
    for band, count in Counter(bands).items():
        if count > 1:
            yield Fault("radios", f"{count} radios of band {band}")
    yield from _interfaces(config.get("interfaces", []), bands)
    for name, section in config.get("metrics", {}).items():
        interval = section.get("interval") if name in {"statistics", "health"} else None
        if interval is not None and interval < MIN_INTERVAL_S:
            yield Fault(f"metrics.{name}.interval", f"{interval} s is below {MIN_INTERVAL_S} s")


def _radio(path: str, radio: Mapping[str, Any]) -> Iterator[Fault]:
    band = radio.get("band", "")
    if band not in _CHANNELS:
        yield Fault(f"{path}.band", f"{band!r} is not one of 2G, 5G, 6G")
        return
    channel = radio.get("channel", "auto")
    wanted = [channel] if channel != "auto" else radio.get("valid-channels", [])
    for number in wanted:
        if number not in _CHANNELS[band]:
            yield Fault(f"{path}.channel", f"there is no channel {number} in band {band}")
    width = radio.get("channel-width", 80)
    if width not in _WIDTHS[band]:
        yield Fault(f"{path}.channel-width", f"band {band} has no {width} MHz channels")
    power = radio.get("tx-power", 0)
    if not 0 <= power <= MAX_TX_POWER_DBM:
        yield Fault(f"{path}.tx-power", f"{power} dBm is not in 0 to {MAX_TX_POWER_DBM}")


def _interfaces(interfaces: list[Any], bands: list[str]) -> Iterator[Fault]:
    if not interfaces or interfaces[0].get("role") != "upstream" or "vlan" in interfaces[0]:
        yield Fault("interfaces[0]", "the first interface must be the untagged uplink")
    yield from _vlans(interfaces)
    on_air: Counter[tuple[str, str]] = Counter()
    for index, interface in enumerate(interfaces):
        for position, ssid in enumerate(interface.get("ssids", [])):
            path = f"interfaces[{index}].ssids[{position}]"
            yield from _name(f"{path}.name", ssid.get("name", ""))
            yield from _ssid_bands(f"{path}.wifi-bands", ssid.get("wifi-bands", []), bands)
            yield from _encryption(
                f"{path}.encryption", ssid.get("encryption", {}), ssid.get("wifi-bands", [])
            )
            for band in ssid.get("wifi-bands", []):
                on_air[band, ssid.get("name", "")] += 1
                if on_air[band, ssid.get("name", "")] > 1:
                    yield Fault(f"{path}.name", f"the SSID is on band {band} twice")
    for band, count in Counter(band for band, _ in on_air.elements()).items():
        if count > MAX_BSS_PER_RADIO:
            yield Fault("interfaces", f"{count} SSIDs on band {band}; a radio carries {MAX_BSS_PER_RADIO}")


def _vlans(interfaces: list[Any]) -> Iterator[Fault]:
    seen: set[int] = set()
    for index, interface in enumerate(interfaces):
        vlan = interface.get("vlan", {}).get("id")
        if vlan is None:
            continue
        if not 1 <= vlan <= MAX_VLAN:
            yield Fault(f"interfaces[{index}].vlan.id", f"{vlan} is not in 1 to {MAX_VLAN}")
        if vlan in seen:
            yield Fault(f"interfaces[{index}].vlan.id", f"{vlan} stands twice")
        seen.add(vlan)


def _name(path: str, name: str) -> Iterator[Fault]:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        yield Fault(path, "the SSID is not valid Unicode")
        return
    if not 1 <= size <= MAX_SSID_BYTES:
        # IEEE 802.11-2020 §9.4.2.2 counts octets.
        yield Fault(path, f"the SSID takes {size} bytes in UTF-8, not 1 to {MAX_SSID_BYTES}")
    if "\x00" in name:
        yield Fault(path, "the SSID holds a NUL")


def _ssid_bands(path: str, wifi_bands: list[str], bands: list[str]) -> Iterator[Fault]:
    if not wifi_bands:
        yield Fault(path, "the SSID is on no band")
    for band in wifi_bands:
        if band not in bands:
            yield Fault(path, f"the access point has no radio of band {band}")


def _encryption(path: str, encryption: Mapping[str, Any], wifi_bands: list[str]) -> Iterator[Fault]:
    proto = encryption.get("proto", "none")
    if proto not in _PROTOS_WITHOUT_KEY | _PROTOS_WITH_KEY | _PROTOS_6G:
        yield Fault(f"{path}.proto", f"{proto!r} is not supported")
    if proto in _PROTOS_WITH_KEY and not encryption.get("key"):
        yield Fault(f"{path}.key", f"{proto} needs a key")
    if "6G" in wifi_bands and proto not in _PROTOS_6G:
        yield Fault(f"{path}.proto", f"6 GHz does not allow {proto} (WPA3 specification §11.2)")
    if proto == "owe" and encryption.get("ieee80211w") != "required":
        yield Fault(f"{path}.ieee80211w", "owe requires management frame protection")
