"""An intent as a uCentral configuration (wlan-ucentral-schema, JSON-Schema draft-07). Pure.

The first interface is always the uplink: ``ap_channel.summary`` counts on it. Equal intents render
to equal documents; the ``uuid`` is not part of it, because it names a version, not a content.
"""

from __future__ import annotations

from typing import Any

from controller.provisioning.types import ApIntent, RadioIntent
from controller.wlans.types import Band, WlanView

STATISTICS_S = 60
HEALTH_S = 60
_BANDS: dict[Band, str] = {"2.4": "2G", "5": "5G", "6": "6G"}
_MAX_LOCATION = 200


def render(intent: ApIntent) -> dict[str, Any]:
    """Return the configuration without ``uuid``."""
    ap = intent.ap
    place = ", ".join(part for part in (ap.site_name, ap.address) if part)[:_MAX_LOCATION]
    return {
        "strict": False,
        "unit": {
            "name": ap.name,
            "hostname": f"ap-{ap.serial}",
            "location": place,
            "timezone": intent.timezone,
            "leds-active": True,
            "random-password": True,
        },
        "radios": [_radio(radio, intent.country) for radio in intent.radios],
        "interfaces": _interfaces(intent.wlans),
        "services": {"lldp": {"describe": ap.name, "location": place}},
        "metrics": {
            "statistics": {"interval": STATISTICS_S, "types": ["ssids", "lldp", "clients"]},
            "health": {"interval": HEALTH_S},
        },
    }


def _radio(radio: RadioIntent, country: str) -> dict[str, Any]:
    return {
        "band": _BANDS[radio.band],
        "country": country,
        "channel": "auto",
        "valid-channels": list(radio.channels),
        "channel-width": radio.width_mhz,
        "channel-mode": radio.mode,
        "tx-power": radio.tx_power_dbm,
        "allow-dfs": True,
        "legacy-rates": False,
        "rates": {"beacon": 6000, "multicast": 24000},
    }


def _interfaces(wlans: tuple[WlanView, ...]) -> list[dict[str, Any]]:
    """The untagged uplink first, then one bridge per VLAN in rising order."""
    uplink: dict[str, Any] = {
        "name": "WAN",
        "role": "upstream",
        "services": ["lldp"],
        "ethernet": [{"select-ports": ["WAN*"]}],
        "ipv4": {"addressing": "dynamic"},
    }
    untagged = [_ssid(wlan) for wlan in wlans if wlan.vlan is None]
    if untagged:
        uplink["ssids"] = untagged
    return [uplink, *(_bridge(vlan, wlans) for vlan in sorted({w.vlan for w in wlans if w.vlan is not None}))]


def _bridge(vlan: int, wlans: tuple[WlanView, ...]) -> dict[str, Any]:
    return {
        "name": f"VLAN{vlan}",
        "role": "upstream",
        "vlan": {"id": vlan},
        "ethernet": [{"select-ports": ["WAN*"], "vlan-tag": "tagged"}],
        "ipv4": {"addressing": "none"},
        "ssids": [_ssid(wlan) for wlan in wlans if wlan.vlan == vlan],
    }


def _ssid(wlan: WlanView) -> dict[str, Any]:
    if wlan.security == "open":
        encryption = {"proto": "none"}
    else:
        # WPA3 specification §3.3: management frame protection is required with OWE; a transition
        # network has an open side that cannot have it.
        protection = "required" if wlan.security == "owe" else "optional"
        encryption = {"proto": wlan.security, "ieee80211w": protection}
    return {
        "name": wlan.ssid,
        "wifi-bands": [_BANDS[band] for band in wlan.bands],
        "bss-mode": "ap",
        "isolate-clients": wlan.isolate,
        "encryption": encryption,
        "roaming": False,
        "rrm": {"neighbor-reporting": True},
    }
