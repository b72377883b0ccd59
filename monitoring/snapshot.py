"""What one look at the database gives the collectors: plain values, no ORM objects, no citizens' data.

Shapes only. `repository.py` fills them, `collectors/` turn them into metric families.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ApRow", "ChangedSession", "FleetSnapshot", "OpenSessions", "Place", "SessionsSnapshot", "SiteRow"]

NOWHERE = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: slugs, `none` where the inventory does not say."""

    site: str = NOWHERE
    district: str = NOWHERE


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site and the names people know it by."""

    place: Place
    name: str
    district_name: str


@dataclass(frozen=True, slots=True)
class ApRow:
    """One AP of the inventory with what it last reported.

    `summary` is the AP's own report as the AP channel stored it: read it as untrusted input.
    Times are unix seconds.
    """

    serial: str
    place: Place
    state: str
    zone: str = NOWHERE
    name: str = ""
    model: str = ""
    latitude: float | None = None
    longitude: float | None = None
    connected: bool = False
    last_seen_at: float | None = None
    reported_at: float | None = None
    firmware: str = ""
    clients: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)
    running_config: int | None = None
    desired_config: int | None = None
    config_status: str = ""


@dataclass(frozen=True, slots=True)
class FleetSnapshot:
    """The whole fleet at `taken_at` (unix seconds); `ssids` is the closed list of known networks."""

    taken_at: float
    aps: Sequence[ApRow] = ()
    sites: Sequence[SiteRow] = ()
    ssids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenSessions:
    """How many citizens are online at one place by one method."""

    place: Place
    gateway: str
    method: str
    count: int


@dataclass(frozen=True, slots=True)
class ChangedSession:
    """The counters of a session that began, moved data or ended since the last look."""

    session_id: str
    place: Place
    gateway: str
    method: str
    ended: bool
    end_reason: str
    up_bytes: int
    down_bytes: int


@dataclass(frozen=True, slots=True)
class SessionsSnapshot:
    """Open sessions by group, and every session that changed since the last look."""

    open: Sequence[OpenSessions] = ()
    changed: Sequence[ChangedSession] = ()
