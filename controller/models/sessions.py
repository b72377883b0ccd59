"""Who is online, and the accounting of it."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Big, MacAddress, Moment, Serial, Slug, Ulid


class NetSession(Base):
    """A device's time online: from login to logout, over as many access points and gateways as it meets."""

    __tablename__ = "sessions"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    account_id: Mapped[Ulid] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    device_id: Mapped[Ulid] = mapped_column(sa.ForeignKey("devices.id"), index=True)
    mac: Mapped[MacAddress]
    ip: Mapped[str] = mapped_column(sa.String(45), default="")
    gateway_id: Mapped[Slug | None]
    """Where the gate is open; None for a session that only RADIUS knows."""
    nas_id: Mapped[Slug | None]
    ap_serial: Mapped[Serial | None]
    site_id: Mapped[Slug | None]
    ssid: Mapped[str] = mapped_column(sa.String(32), default="")
    plan_id: Mapped[Slug]
    method: Mapped[str] = mapped_column(sa.String(15))
    """sms, voucher, portal, remembered, or radius- with pap, chap, mschapv2, mab, mpsk, tls, ttls or peap."""
    started_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    idle_timeout_s: Mapped[int]
    quota_bytes: Mapped[Big | None]
    last_used_at: Mapped[Moment]
    due_at: Mapped[Moment]
    """When it ends unless it is used: the earlier of `expires_at` and the end of the idle time."""
    last_interim_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    end_reason: Mapped[str] = mapped_column(sa.String(20), default="")
    up_bytes: Mapped[Big] = mapped_column(default=0)
    down_bytes: Mapped[Big] = mapped_column(default=0)
    up_packets: Mapped[Big] = mapped_column(default=0)
    down_packets: Mapped[Big] = mapped_column(default=0)

    __table_args__ = (
        sa.Index(
            "uq_sessions_open_mac",
            "mac",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_sessions_gateway_open", "gateway_id", "ended_at"),
        sa.Index(
            "ix_sessions_due",
            "due_at",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_sessions_started_at", "started_at"),
        sa.Index("ix_sessions_ended_at", "ended_at"),
    )


class AccountingRecord(Base):
    """One accounting record; counters are the session's totals at that moment."""

    __tablename__ = "accounting_records"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    session_id: Mapped[Ulid] = mapped_column(sa.ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    """start, interim or stop."""
    source: Mapped[str] = mapped_column(sa.String(8))
    """gateway or radius: who counted."""
    event_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Says which event this is, so that a repeated one is stored once."""
    at: Mapped[Moment]
    up_bytes: Mapped[Big] = mapped_column(default=0)
    down_bytes: Mapped[Big] = mapped_column(default=0)
    up_packets: Mapped[Big] = mapped_column(default=0)
    down_packets: Mapped[Big] = mapped_column(default=0)
    session_time_s: Mapped[int] = mapped_column(default=0)
    terminate_cause: Mapped[str] = mapped_column(sa.String(20), default="")


class GateLedger(Base):
    """How far a gateway's packet counters had come when their growth was last added to the session.

    Written in the same transaction as that growth: whichever process dies when, traffic is neither
    lost nor counted twice.
    """

    __tablename__ = "gate_ledgers"

    gateway_id: Mapped[Slug] = mapped_column(primary_key=True)
    session_id: Mapped[Ulid] = mapped_column(
        sa.ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    ip: Mapped[str] = mapped_column(sa.String(45), primary_key=True)
    up_bytes: Mapped[Big] = mapped_column(default=0)
    down_bytes: Mapped[Big] = mapped_column(default=0)
    up_packets: Mapped[Big] = mapped_column(default=0)
    down_packets: Mapped[Big] = mapped_column(default=0)
