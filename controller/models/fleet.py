"""Access points: what they are, how they do, what they shall run and what happened to them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Big, JsonList, JsonObject, MacAddress, Moment, Name, Serial, Slug, Ulid

_SERIAL_OF_AP = "access_points.serial"


class AccessPoint(Base):
    """An access point in the inventory."""

    __tablename__ = "access_points"

    serial: Mapped[Serial] = mapped_column(primary_key=True)
    name: Mapped[Name]
    mac: Mapped[MacAddress]
    model: Mapped[str] = mapped_column(sa.String(80))
    site_id: Mapped[Slug] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    latitude: Mapped[float]
    longitude: Mapped[float]
    zone_id: Mapped[Slug | None] = mapped_column(sa.ForeignKey("zones.id"), index=True)
    """Follows from the coordinates; None outside every zone."""
    state: Mapped[str] = mapped_column(sa.String(10), default="planned", index=True)
    """planned: not yet seen; adopted: may connect; retired: refused."""
    created_at: Mapped[Moment]


class ApStatus(Base):
    """The last that an access point told of itself; written in batches, one row each."""

    __tablename__ = "ap_status"

    serial: Mapped[Serial] = mapped_column(sa.ForeignKey(_SERIAL_OF_AP, ondelete="CASCADE"), primary_key=True)
    connected: Mapped[bool] = mapped_column(default=False)
    connected_at: Mapped[Moment | None]
    disconnected_at: Mapped[Moment | None]
    last_seen_at: Mapped[Moment | None]
    firmware: Mapped[str] = mapped_column(sa.String(120), default="")
    config_uuid: Mapped[Big] = mapped_column(default=0)
    """The configuration the access point runs; 0 recovery, 1 none."""
    clients: Mapped[int] = mapped_column(default=0)
    summary: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state_at: Mapped[Moment | None]
    last_reboot_reason: Mapped[str] = mapped_column(sa.String(80), default="")


class ApConfig(Base):
    """The configuration an access point shall run, and how far it got."""

    __tablename__ = "ap_configs"

    serial: Mapped[Serial] = mapped_column(sa.ForeignKey(_SERIAL_OF_AP, ondelete="CASCADE"), primary_key=True)
    desired_uuid: Mapped[Big]
    """Unix seconds, strictly increasing for one access point, below 2**31."""
    desired: Mapped[str] = mapped_column(sa.Text)
    """The rendered configuration, JSON."""
    desired_digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    desired_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(sa.String(12), default="pending", index=True)
    """pending, sent, acknowledged, rejected or failed."""
    sent_at: Mapped[Moment | None]
    acknowledged_uuid: Mapped[Big | None]
    acknowledged_at: Mapped[Moment | None]
    rejected: Mapped[JsonList] = mapped_column(default=list)
    error: Mapped[str] = mapped_column(sa.Text, default="")


class ApEvent(Base):
    """Something that happened to an access point."""

    __tablename__ = "ap_events"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    serial: Mapped[Serial] = mapped_column(sa.ForeignKey(_SERIAL_OF_AP, ondelete="CASCADE"))
    at: Mapped[Moment]
    kind: Mapped[str] = mapped_column(sa.String(20))
    severity: Mapped[int] = mapped_column(default=6)
    """syslog severity, 0 emergency to 7 debug (RFC 5424 §6.2.1)."""
    data: Mapped[JsonObject] = mapped_column(default=dict)

    __table_args__ = (sa.Index("ix_ap_events_serial_at", "serial", "at"),)
