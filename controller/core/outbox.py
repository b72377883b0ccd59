"""Transactional outbox: an event is written in the same transaction as the change it speaks of.

The bus carries it on after the commit; so there is no event without its change and no change
without its event, whatever process dies when.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.bus import encode_event
from controller.core.clock import SystemClock
from controller.core.db import Base, Database, Tx, UtcDateTime, insert_rows

KEPT = timedelta(hours=1)
"""How long a carried event stays in the table."""


class OutboxRow(Base):
    """An event that waits to be carried, or was carried a short while ago."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    topic: Mapped[str] = mapped_column(sa.String(80))
    payload: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, insert_default=SystemClock().now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        sa.Index(
            "ix_outbox_unpublished",
            "id",
            sqlite_where=sa.text("published_at IS NULL"),
            postgresql_where=sa.text("published_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )


@dataclass(frozen=True)
class Carried:
    """A stored event: its position in the outbox, its topic and its JSON."""

    id: int
    topic: str
    payload: bytes


async def add(tx: Tx, event: object) -> None:
    """Write an event (a dataclass marked `@event`) in the caller's transaction."""
    topic, payload = encode_event(event)
    tx.add(OutboxRow(topic=topic, payload=payload))
    _nudge(tx)


def _nudge(tx: Tx) -> None:
    if (nudge := tx.info.get("after_commit")) is not None:
        sa.event.listen(tx.sync_session, "after_commit", lambda _session: nudge(), once=True)


async def add_all(tx: Tx, events: Sequence[object]) -> None:
    """Write many events, in order, as `add` does each."""
    if not events:
        return
    now = SystemClock().now()
    rows = [(*encode_event(event), now) for event in events]
    await insert_rows(tx, cast("sa.Table", OutboxRow.__table__), ("topic", "payload", "created_at"), rows)
    _nudge(tx)


def on_commit(db: Database, nudge: Callable[[], None]) -> None:
    """Call `nudge` after each transaction of this process that wrote events."""
    db.session_info["after_commit"] = nudge


async def last_id_before(tx: Tx, moment: datetime) -> int:
    """Return the newest event's position among those written before a moment, 0 if there is none."""
    return await tx.scalar(sa.select(sa.func.max(OutboxRow.id)).where(OutboxRow.created_at < moment)) or 0


async def ids_after(tx: Tx, after: int) -> Sequence[int]:
    """Return the positions past one, in order."""
    query = sa.select(OutboxRow.id).where(OutboxRow.id > after).order_by(OutboxRow.id)
    return list(await tx.scalars(query))


async def newer(tx: Tx, after: int, limit: int) -> Sequence[Carried]:
    """Return up to `limit` events past a position, in order."""
    rows = await tx.execute(
        sa.select(OutboxRow.id, OutboxRow.topic, OutboxRow.payload)
        .where(OutboxRow.id > after)
        .order_by(OutboxRow.id)
        .limit(limit)
    )
    return [Carried(*row) for row in rows]


async def find(tx: Tx, ids: Collection[int]) -> Sequence[Carried]:
    """Return those of these events that are there, in order; on PostgreSQL."""
    wanted = sa.bindparam(None, list(ids), type_=postgresql.ARRAY(sa.BigInteger))
    rows = await tx.execute(
        sa.select(OutboxRow.id, OutboxRow.topic, OutboxRow.payload)
        .where(OutboxRow.id == sa.func.any(wanted))
        .order_by(OutboxRow.id)
    )
    return [Carried(*row) for row in rows]


async def unpublished(tx: Tx, limit: int) -> Sequence[Carried]:
    """Return up to `limit` events that no relay has marked as carried, in order."""
    rows = await tx.execute(
        sa.select(OutboxRow.id, OutboxRow.topic, OutboxRow.payload)
        .where(OutboxRow.published_at.is_(None))
        .order_by(OutboxRow.id)
        .limit(limit)
    )
    return [Carried(*row) for row in rows]


async def mark_published(tx: Tx, ids: Sequence[int], now: datetime) -> None:
    """Mark events as carried."""
    await tx.execute(sa.update(OutboxRow).where(OutboxRow.id.in_(ids)).values(published_at=now))


async def purge(tx: Tx, now: datetime) -> int:
    """Delete events older than `KEPT`; return how many."""
    result = await tx.execute(sa.delete(OutboxRow).where(OutboxRow.created_at < now - KEPT))
    return int(getattr(result, "rowcount", 0))
