"""What the RADIUS journals leave in the database: how far each is applied, what could not be, decisions."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Big, Moment, Slug, Ulid

_DIGEST = sa.LargeBinary(32)


class JournalPosition(Base):
    """How far a journal segment is applied; written in the transaction that applies it.

    So whatever process dies when, a record is applied once. The row goes when the segment's file is
    marked as done.
    """

    __tablename__ = "radius_journal_positions"

    segment: Mapped[Ulid] = mapped_column(primary_key=True)
    offset: Mapped[Big]
    """Octets of the file that are applied."""
    at: Mapped[Moment]


class SetAside(Base):
    """A journal record that could not be applied: kept for an engineer, in the way of nobody."""

    __tablename__ = "radius_set_aside"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    at: Mapped[Moment]
    """When it was received."""
    kind: Mapped[str] = mapped_column(sa.String(12))
    """accounting or decision."""
    nas_id: Mapped[str] = mapped_column(sa.String(63))
    address: Mapped[str] = mapped_column(sa.String(45))
    reason: Mapped[str] = mapped_column(sa.String(120))
    """The kind of error; never what the record holds."""
    octets: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The packet as received."""

    __table_args__ = (sa.Index("ix_radius_set_aside_at", "at"),)


class RadiusDecision(Base):
    """Why a device was let in or refused; kept for some days. No person's name or address can be read."""

    __tablename__ = "radius_decisions"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    at: Mapped[Moment]
    nas_id: Mapped[Slug]
    station: Mapped[bytes | None] = mapped_column(_DIGEST)
    """Keyed digest of the device's MAC address (`radius.journal.decisions`)."""
    username: Mapped[bytes | None] = mapped_column(_DIGEST)
    """Keyed digest of User-Name."""
    method: Mapped[str] = mapped_column(sa.String(15), default="")
    outcome: Mapped[str] = mapped_column(sa.String(12))
    """accept or reject."""
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    """Why it was refused; empty if it was let in."""
    account_id: Mapped[Ulid | None]
    plan_id: Mapped[Slug | None]
    rule: Mapped[str] = mapped_column(sa.String(63), default="")
    """The policy rule that decided, empty if none did."""
    session_id: Mapped[Ulid | None]
    ap_serial: Mapped[str | None] = mapped_column(sa.String(12))
    site_id: Mapped[Slug | None]
    ssid: Mapped[str] = mapped_column(sa.String(32), default="")
    trace: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The steps of the decision, encoded by `radius.explain`'s side."""

    __table_args__ = (
        sa.Index("ix_radius_decisions_at", "at"),
        sa.Index("ix_radius_decisions_station", "station", "at"),
        sa.Index("ix_radius_decisions_username", "username", "at"),
    )
