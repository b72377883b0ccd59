"""What the directory hands out; frozen, free of the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from controller.core.mac import Mac


@dataclass(frozen=True)
class PlanView:
    """What a session gets. Times in seconds, rates in kbit/s, quota in bytes of both directions."""

    id: str
    name: str
    session_timeout_s: int
    idle_timeout_s: int
    remember_s: int
    interim_s: int
    rate_down_kbps: int | None
    rate_up_kbps: int | None
    quota_bytes: int | None
    simultaneous_use: int
    daily_quota_bytes: int | None = None
    monthly_quota_bytes: int | None = None
    when_full: str = "replace"
    vlan: int | None = None
    filter_id: str = ""


@dataclass(frozen=True)
class Login:
    """A person has proved who they are on a device."""

    account_id: str
    device_id: str
    plan: PlanView
    not_after: datetime | None = None
    """When the right to be online ends, whatever the plan says; a voucher's end."""


class Known(msgspec.Struct, frozen=True):
    """A device that belongs to an active account.

    A Struct because RADIUS makes one for each login, and a frozen dataclass takes ten times as long.
    """

    account_id: str
    device_id: str
    mac: Mac
    plan: PlanView
    remembered_until: datetime | None


class Secret(Protocol):
    """What is stored of a credential's password."""

    @property
    def digest(self) -> bytes:
        """Its keyed digest."""

    @property
    def sealed(self) -> bytes | None:
        """The password sealed; None if it was issued for PAP only."""


@dataclass(frozen=True)
class StoredCredential:
    """A valid device credential as stored: a digest of its password, and the password sealed if kept."""

    digest: bytes
    sealed: bytes | None
    known: Known


@dataclass(frozen=True)
class AccountView:
    """An account as an operator sees it; identities are masked."""

    id: str
    status: str
    plan_id: str
    locale: str
    created_at: datetime
    identities: tuple[str, ...]
    devices: int


@dataclass(frozen=True)
class DeviceView:
    """A device of an account."""

    id: str
    mac: Mac
    created_at: datetime
    last_login_at: datetime
    remembered_until: datetime | None


@dataclass(frozen=True)
class VoucherView:
    """A voucher without its code, which nobody can read again."""

    id: str
    plan_id: str
    batch: str
    created_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None


@dataclass(frozen=True)
class IssuedCredential:
    """A device's RADIUS user name and password; the password is told once."""

    username: str
    password: str
    expires_at: datetime
