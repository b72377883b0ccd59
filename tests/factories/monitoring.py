"""Snapshots of a small fleet, with every part of a report filled in."""

from typing import Any

from monitoring.snapshot import ApRow, FleetSnapshot, Place, SiteRow

NOW = 1_795_000_000.0
SSID = "Moscow_WiFi_Free"


def radio(band: str = "5", **changes: Any) -> dict[str, Any]:
    values = {
        "band": band,
        "channel": 36 if band == "5" else 6,
        "channel_width_mhz": 80 if band == "5" else 20,
        "tx_power_dbm": 20,
        "noise_dbm": -95,
        "busy_ratio": 0.42,
        "rx_ratio": 0.2,
        "tx_ratio": 0.1,
        "tx_packets": 1000,
        "tx_retries": 50,
        "stations": 7,
    }
    return values | changes


def summary(**changes: Any) -> dict[str, Any]:
    values = {
        "load": 0.5,
        "memory_used_ratio": 0.6,
        "uptime_s": 86400,
        "temperature_c": 51,
        "uplink_rx_bytes": 10_000_000,
        "uplink_tx_bytes": 2_000_000,
        "radios": [radio("2.4"), radio("5")],
        "bss": [{"ssid": SSID, "band": "2.4", "stations": 3}, {"ssid": SSID, "band": "5", "stations": 7}],
    }
    return values | changes


def ap(number: int = 1, *, sites: int = 10, **changes: Any) -> ApRow:
    site = number % sites
    values: dict[str, Any] = {
        "serial": f"24f5a2{number:06x}",
        "place": Place(f"site-{site}", f"district-{site % 5}"),
        "state": "adopted",
        "zone": "garden-ring",
        "name": f"AP {number}",
        "model": "EAP101",
        "latitude": 55.75,
        "longitude": 37.61,
        "connected": True,
        "last_seen_at": NOW - 10,
        "reported_at": NOW - 10,
        "firmware": "3.2.0",
        "clients": 10,
        "summary": summary(),
        "running_config": 5,
        "desired_config": 5,
        "config_status": "acknowledged",
    }
    return ApRow(**(values | changes))


def fleet(count: int = 3, *, sites: int = 10) -> FleetSnapshot:
    return FleetSnapshot(
        taken_at=NOW,
        aps=[ap(number, sites=sites) for number in range(count)],
        sites=[
            SiteRow(
                Place(f"site-{number}", f"district-{number % 5}"), f"Парк {number}", f"Район {number % 5}"
            )
            for number in range(sites)
        ],
        ssids=frozenset({SSID}),
    )
