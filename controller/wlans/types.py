"""Shapes that the WLANs feature takes and hands out. No behaviour."""

from dataclasses import dataclass
from typing import Literal

Security = Literal["open", "owe", "owe-transition"]
Band = Literal["2.4", "5", "6"]


@dataclass(frozen=True)
class WlanView:
    """One WLAN as stored."""

    id: str
    """Slug, never changes."""
    ssid: str
    """Name on the air, at most 32 bytes in UTF-8."""
    security: Security
    bands: tuple[Band, ...]
    """In the order "2.4", "5", "6"."""
    vlan: int | None
    """VLAN its stations are put on; None is the AP's own network."""
    isolate: bool
    """Stations of one AP cannot reach each other."""
    enabled: bool
    all_sites: bool
    """Offered everywhere; otherwise only at `sites`."""
    sites: tuple[str, ...]
    """Site ids, sorted; empty when `all_sites`."""


@dataclass(frozen=True)
class WlanChanges:
    """What to change of a WLAN: None leaves a field as it is."""

    ssid: str | None = None
    security: Security | None = None
    bands: tuple[Band, ...] | None = None
    vlan: int | None = None
    """0 takes the VLAN away."""
    isolate: bool | None = None
    enabled: bool | None = None
    sites: tuple[str, ...] | None = None
    """Site ids; an empty tuple means all sites."""
