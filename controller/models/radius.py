"""What RADIUS remembers of accounting: which counters of which NAS were already counted."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Big, MacAddress, Moment, Serial, Slug, Ulid


class RadiusLeg(Base):
    """A part of a session at one NAS: one Acct-Session-Id, with the totals the NAS has told so far.

    A repeated or overtaken packet tells totals that are not above these, so it adds nothing.
    """

    __tablename__ = "radius_legs"

    nas_id: Mapped[Slug] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(45), primary_key=True)
    """The NAS's IP address: a NAS entry may be a whole network, and each device numbers by itself."""
    acct_session_id: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
    """As sent if it is printable and short, else a digest of it."""
    session_id: Mapped[Ulid] = mapped_column(sa.ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    mac: Mapped[MacAddress]
    ap_serial: Mapped[Serial | None]
    """The access point of its BSS, if it is one of ours."""
    started_at: Mapped[Moment]
    heard_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    session_time_s: Mapped[Big] = mapped_column(default=0)
    up_bytes: Mapped[Big] = mapped_column(default=0)
    down_bytes: Mapped[Big] = mapped_column(default=0)
    up_packets: Mapped[Big] = mapped_column(default=0)
    down_packets: Mapped[Big] = mapped_column(default=0)

    __table_args__ = (
        # Partial, so that no planner takes it for the primary key, of which it holds the first columns.
        sa.Index(
            "ix_radius_legs_open_of",
            "nas_id",
            "address",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_radius_legs_ap_serial", "ap_serial"),
    )
