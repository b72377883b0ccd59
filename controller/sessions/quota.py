"""When a session is over: time, idleness, volume. Pure."""

from datetime import datetime, timedelta

from controller.sessions.types import EXPIRED, IDLE, QUOTA


def due_at(*, expires_at: datetime, last_used_at: datetime, idle_timeout_s: int) -> datetime:
    """Return when a session ends unless it is used; an idle time-out of 0 means none."""
    if idle_timeout_s <= 0:
        return expires_at
    return min(expires_at, last_used_at + timedelta(seconds=idle_timeout_s))


def reason_due(*, expires_at: datetime, now: datetime) -> str:
    """Return why a due session ends."""
    return EXPIRED if expires_at <= now else IDLE


def reason_spent(*, quota_bytes: int | None, used_bytes: int) -> str | None:
    """Return the reason to end if the volume is used up."""
    return QUOTA if quota_bytes is not None and used_bytes >= quota_bytes else None
