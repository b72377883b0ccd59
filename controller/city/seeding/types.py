"""What a city is seeded with besides its plan. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass

WLAN_ID = "city"
GATEWAY_ID = "city-gateway"
NAS_ID = "city-nas"


@dataclass(frozen=True)
class CityBasics:
    """What a city needs beside places and access points; the defaults are the test network's."""

    ssid: str = "Moscow_WiFi_Free"
    gateway_id: str = GATEWAY_ID
    gateway_name: str = "Городской шлюз"
    lan_cidr: str = "10.77.0.0/16"
    nas_cidr: str = "127.0.0.1/32"
    """Where the city's RADIUS client sends from."""


@dataclass(frozen=True)
class Seeded:
    """What stands in the database now. The NAS secret is for the client that acts as this NAS."""

    aps: int
    retired: int
    """Simulated access points of an earlier, bigger city."""
    wlan_id: str
    plan_id: str
    gateway_id: str
    nas_id: str
