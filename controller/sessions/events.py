"""What happens to sessions; gateways, RADIUS and the portal listen."""

from dataclasses import dataclass

from controller.core.bus import event


@event("session.started")
@dataclass(frozen=True)
class SessionStarted:
    """A device may go online. `expires_at` is in Unix seconds, rates in kbit/s."""

    session_id: str
    mac: str
    ip: str
    gateway_id: str | None
    expires_at: float
    idle_timeout_s: int
    rate_down_kbps: int | None
    rate_up_kbps: int | None


@event("session.moved")
@dataclass(frozen=True)
class SessionMoved:
    """A session goes on at another gateway or address."""

    session_id: str
    mac: str
    ip: str
    gateway_id: str | None
    from_gateway_id: str | None


@event("session.ended")
@dataclass(frozen=True)
class SessionEnded:
    """A session is over; `reason` is one of `types.EndReason`, or what a NAS told."""

    session_id: str
    mac: str
    ip: str
    gateway_id: str | None
    nas_id: str | None
    reason: str
