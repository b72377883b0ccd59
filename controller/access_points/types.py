"""Shapes that the access points feature takes and hands out. No behaviour."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ApState = Literal["planned", "adopted", "retired"]
ConfigStatus = Literal["pending", "sent", "acknowledged", "rejected", "failed"]


@dataclass(frozen=True)
class NewAccessPoint:
    """What is needed to take an AP into the inventory."""

    serial: str
    """12 lower-case hex digits; the CN of the AP's certificate."""
    name: str
    mac: str
    """Canonical form, aa:bb:cc:dd:ee:ff."""
    model: str
    site_id: str
    latitude: float
    """Degrees, WGS 84."""
    longitude: float
    state: ApState = "adopted"


@dataclass(frozen=True)
class ApChanges:
    """What to change of an AP's inventory record: None leaves a field as it is."""

    name: str | None = None
    model: str | None = None
    site_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class ApFilter:
    """Which APs to list; None does not filter."""

    zone: str | None = None
    """Zone id, or "none" for APs outside every zone."""
    district: str | None = None
    site: str | None = None
    state: ApState | None = None
    connected: bool | None = None
    config: ConfigStatus | None = None
    text: str | None = None
    """Part of the name or the serial; case does not count."""


@dataclass(frozen=True)
class ApView:
    """One AP: its inventory record and how it does."""

    serial: str
    name: str
    mac: str
    model: str
    site_id: str
    district_id: str | None
    zone_id: str | None
    latitude: float
    longitude: float
    state: ApState
    created_at: datetime
    connected: bool
    connected_at: datetime | None
    last_seen_at: datetime | None
    firmware: str
    """Empty: never told."""
    clients: int
    config_status: ConfigStatus | None
    """None: no configuration was made yet."""


@dataclass(frozen=True)
class ApEventView:
    """Something an AP told, newest first in lists."""

    at: datetime
    kind: str
    severity: int
    """Syslog severity, 0 (emergency) to 7 (debug)."""
    data: dict[str, Any]


@dataclass(frozen=True)
class ApConfigView:
    """What an AP should run, what it said it runs, and what is between the two."""

    serial: str
    status: ConfigStatus
    desired_uuid: int
    desired: dict[str, Any]
    """uCentral configuration."""
    desired_at: datetime
    sent_at: datetime | None
    acknowledged_uuid: int | None
    acknowledged_at: datetime | None
    running_uuid: int | None
    """The uuid in the AP's last state message."""
    rejected: tuple[str, ...]
    """Parts the AP did not take, in its own words."""
    error: str


@dataclass(frozen=True)
class ApDetails:
    """Everything kept about one AP."""

    ap: ApView
    summary: dict[str, Any]
    """The last state message, summed up: load, memory, radios, BSSs."""
    state_at: datetime | None
    last_reboot_reason: str
    config: ApConfigView | None
    events: tuple[ApEventView, ...]


@dataclass(frozen=True)
class ConfigCounts:
    """How far the configuration of the fleet is, in adopted APs."""

    total: int
    acknowledged: int
    pending: int
    sent: int
    rejected: int
    failed: int
    none: int
    """Adopted, but no configuration was made yet."""
