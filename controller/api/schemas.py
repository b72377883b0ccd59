"""Accounts, vouchers, plans and sessions as JSON for operators. Phone numbers appear masked only."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

VOUCHERS_MAX = 10_000
VALID_MAX_S = 366 * 86_400
_RATE_MAX_KBPS = 100_000_000
_QUOTA_MAX_BYTES = 2**50
_DEVICES_MAX = 1000


class PlanIn(BaseModel):
    """What a session gets."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: str = Field(min_length=1, max_length=200)
    session_timeout_s: int = Field(86_400, ge=60, le=VALID_MAX_S)
    idle_timeout_s: int = Field(3_600, ge=60, le=VALID_MAX_S)
    remember_s: int = Field(
        86_400, ge=0, le=VALID_MAX_S, description="How long a device is let in again with no page."
    )
    interim_s: int = Field(300, ge=60, le=86_400)
    rate_down_kbps: int | None = Field(None, ge=1, le=_RATE_MAX_KBPS)
    rate_up_kbps: int | None = Field(None, ge=1, le=_RATE_MAX_KBPS)
    quota_bytes: int | None = Field(
        None, ge=1, le=_QUOTA_MAX_BYTES, description="Both directions together, per session."
    )
    simultaneous_use: int = Field(5, ge=1, le=_DEVICES_MAX)
    daily_quota_bytes: int | None = Field(
        None, ge=1, le=_QUOTA_MAX_BYTES, description="Both directions together, per account and day."
    )
    monthly_quota_bytes: int | None = Field(
        None, ge=1, le=_QUOTA_MAX_BYTES, description="Both directions together, per account and month."
    )
    when_full: Literal["replace", "refuse"] = Field(
        "replace", description="All devices online: replace the oldest session, or refuse the next by RADIUS."
    )
    vlan: int | None = Field(None, ge=1, le=4094, description="VLAN into which RADIUS puts the device.")
    filter_id: str = Field(
        "",
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$|^$",
        description="Filter or role that the access point knows by this name.",
    )


class PlanOut(PlanIn):
    """One plan."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)

    id: str


class AccountOut(BaseModel):
    """One account."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    status: Literal["active", "blocked"]
    plan_id: str
    locale: str
    created_at: datetime
    identities: list[str] = Field(description="How it is known; phone numbers masked.")
    devices: int


class DeviceOut(BaseModel):
    """A device of an account."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    mac: str
    created_at: datetime
    last_login_at: datetime
    remembered_until: datetime | None


class AccountDetailsOut(BaseModel):
    """One account with its devices and open sessions."""

    account: AccountOut
    devices: list[DeviceOut]
    open_sessions: list[str] = Field(description="Ids of sessions.")


class AccountSearchIn(BaseModel):
    """Whom to look for: in the body, so that no number stands in a log of addresses."""

    model_config = ConfigDict(extra="forbid")

    phone: str = Field(max_length=20, description="E.164, +79991234567.")


class VouchersIn(BaseModel):
    """How many vouchers to make."""

    model_config = ConfigDict(extra="forbid")

    plan_id: str
    count: int = Field(1, ge=1, le=VOUCHERS_MAX)
    valid_s: int = Field(86_400, ge=60, le=VALID_MAX_S)
    batch: str = Field("", max_length=80, description="A name to find them by.")


class VouchersOut(BaseModel):
    """Vouchers just made."""

    codes: list[str] = Field(description="Shown this once; empty in a dry run.")
    count: int
    plan_id: str
    batch: str
    expires_at: datetime


class VoucherOut(BaseModel):
    """One voucher, without its code."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    plan_id: str
    batch: str
    created_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None


class SessionOut(BaseModel):
    """One session. Viewers get no IP address and half a MAC."""

    id: str
    account_id: str
    mac: str
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
    last_used_at: datetime
    ended_at: datetime | None
    end_reason: str
    up_bytes: int
    down_bytes: int
    up_packets: int
    down_packets: int
    seconds_remaining: int
    bytes_remaining: int | None = Field(description="null: no quota.")


class AccountingOut(BaseModel):
    """One accounting record; counters are the session's totals at that moment."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["start", "interim", "stop"]
    source: str
    at: datetime
    up_bytes: int
    down_bytes: int
    up_packets: int
    down_packets: int
    session_time_s: int
    terminate_cause: str


class SessionDetailsOut(SessionOut):
    """One session with its accounting."""

    accounting: list[AccountingOut]


class SessionEndIn(BaseModel):
    """How to end a session."""

    model_config = ConfigDict(extra="forbid")

    forget: bool = Field(True, description="The device must log in again; else it may come back.")
