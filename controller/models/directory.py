"""Who may use the network: accounts, identities, devices, credentials, vouchers, plans.

What identifies a person is never stored readable: a keyed digest to find it, a sealed copy to show it.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Big, MacAddress, Moment, Name, Slug, Ulid

_ACCOUNT = "accounts.id"
_PLAN = "plans.id"
_DIGEST = sa.LargeBinary(32)


class Plan(Base):
    """What a session gets: time, rate, volume."""

    __tablename__ = "plans"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[Name]
    session_timeout_s: Mapped[int] = mapped_column(default=86_400)
    idle_timeout_s: Mapped[int] = mapped_column(default=3_600)
    remember_s: Mapped[int] = mapped_column(default=86_400)
    """How long after a login the device is let in again with no page."""
    interim_s: Mapped[int] = mapped_column(default=300)
    rate_down_kbps: Mapped[int | None]
    rate_up_kbps: Mapped[int | None]
    quota_bytes: Mapped[Big | None]
    """Both directions together, per session."""
    simultaneous_use: Mapped[int] = mapped_column(default=5)
    daily_quota_bytes: Mapped[Big | None]
    """Both directions together, of all the account's sessions in a day of the city's time zone."""
    monthly_quota_bytes: Mapped[Big | None]
    when_full: Mapped[str] = mapped_column(sa.String(8), default="replace", server_default="replace")
    """With all devices online: `replace` ends the oldest session, `refuse` lets no more in by RADIUS."""
    vlan: Mapped[int | None]
    """VLAN that RADIUS has the access point put the device into, 1 to 4094."""
    filter_id: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    """Name of a filter or role that the access point knows; empty: none."""


class Account(Base):
    """A citizen's account."""

    __tablename__ = "accounts"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(10), default="active")
    """active or blocked."""
    plan_id: Mapped[Slug] = mapped_column(sa.ForeignKey(_PLAN))
    locale: Mapped[str] = mapped_column(sa.String(10), default="ru")
    created_at: Mapped[Moment]


class Identity(Base):
    """A way an account is known: portal subject, phone number or voucher."""

    __tablename__ = "identities"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    account_id: Mapped[Ulid] = mapped_column(sa.ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    """portal, phone or voucher."""
    digest: Mapped[bytes] = mapped_column(_DIGEST)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[Moment]

    __table_args__ = (sa.UniqueConstraint("kind", "digest"),)


class Device(Base):
    """A phone or laptop of an account, by its MAC address."""

    __tablename__ = "devices"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    account_id: Mapped[Ulid] = mapped_column(sa.ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    mac: Mapped[MacAddress] = mapped_column(unique=True)
    created_at: Mapped[Moment]
    last_login_at: Mapped[Moment]
    remembered_until: Mapped[Moment | None]


class DeviceCredential(Base):
    """A random user name and password of one device, for RADIUS; never the portal's password."""

    __tablename__ = "device_credentials"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    device_id: Mapped[Ulid] = mapped_column(sa.ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    username: Mapped[str] = mapped_column(sa.String(64), unique=True)
    secret_digest: Mapped[bytes] = mapped_column(_DIGEST)
    sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """The password for methods that need it readable (CHAP); None: it is good for PAP only."""
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]


class Voucher(Base):
    """A code from a service-centre desk; only its digest is stored."""

    __tablename__ = "vouchers"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(_DIGEST, unique=True)
    plan_id: Mapped[Slug] = mapped_column(sa.ForeignKey(_PLAN))
    batch: Mapped[str] = mapped_column(sa.String(80), default="", index=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    redeemed_at: Mapped[Moment | None]
    account_id: Mapped[Ulid | None] = mapped_column(sa.ForeignKey(_ACCOUNT, ondelete="SET NULL"))


class SmsChallenge(Base):
    """A code sent to a phone, waiting to be typed in."""

    __tablename__ = "sms_challenges"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    phone_digest: Mapped[bytes] = mapped_column(_DIGEST)
    phone_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    prefix: Mapped[str] = mapped_column(sa.String(16), default="")
    """Block of a million neighbouring numbers, `+79161`: what caps on spending count by."""
    code_digest: Mapped[bytes] = mapped_column(_DIGEST)
    mac: Mapped[MacAddress]
    gateway_id: Mapped[Slug]
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[Moment | None]
    used_at: Mapped[Moment | None]

    __table_args__ = (
        sa.Index("ix_sms_challenges_phone", "phone_digest", "created_at"),
        sa.Index("ix_sms_challenges_mac", "mac", "created_at"),
        sa.Index("ix_sms_challenges_prefix", "prefix", "created_at"),
        sa.Index("ix_sms_challenges_created_at", "created_at"),
    )
