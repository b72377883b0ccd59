"""What sessions hand out and take; frozen, free of the database."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.directory.types import PlanView

USER_REQUEST = "user-request"
EXPIRED = "expired"
IDLE = "idle"
QUOTA = "quota"
REPLACED = "replaced"
TOO_MANY = "simultaneous-use"
ADMIN_RESET = "admin-reset"
"""RFC 2866 §5.10, Acct-Terminate-Cause 6: the administrator reset the port or session."""


@dataclass(frozen=True)
class StartSession:
    """What is known when a session starts. `gateway_id` is None where only RADIUS enforces."""

    mac: Mac
    ip: str
    gateway_id: str | None
    account_id: str
    device_id: str
    plan: PlanView
    method: str
    ap_serial: str | None = None
    ssid: str = ""
    nas_id: str | None = None
    site_id: str | None = None
    not_after: datetime | None = None
    """An end earlier than the plan's time-out would set."""
    session_id: str | None = field(default=None)
    """An id promised before (in a RADIUS Class attribute); None makes a new one."""

    def choose_id(self) -> str:
        """Return the promised id or a new one."""
        return self.session_id or new_id()


@dataclass(frozen=True)
class Usage:
    """What a session used since it was last told; bytes are of layer 3."""

    session_id: str
    up_bytes: int
    down_bytes: int
    up_packets: int
    down_packets: int


@dataclass(frozen=True)
class SessionView:
    """A session as it stands in the database."""

    id: str
    account_id: str
    device_id: str
    mac: Mac
    ip: str
    gateway_id: str | None
    nas_id: str | None
    ap_serial: str | None
    site_id: str | None
    ssid: str
    plan_id: str
    method: str
    started_at: datetime
    expires_at: datetime
    idle_timeout_s: int
    quota_bytes: int | None
    last_used_at: datetime
    last_interim_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    up_bytes: int
    down_bytes: int
    up_packets: int
    down_packets: int

    def seconds_remaining(self, now: datetime) -> int:
        """Return the whole seconds until the session expires, 0 once it is over."""
        if self.ended_at is not None:
            return 0
        return max(0, int((self.expires_at - now) / timedelta(seconds=1)))

    @property
    def bytes_remaining(self) -> int | None:
        """Bytes of both directions left in the quota; None without a quota."""
        if self.quota_bytes is None:
            return None
        return max(0, self.quota_bytes - self.up_bytes - self.down_bytes)
