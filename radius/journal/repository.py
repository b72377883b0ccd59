"""SQL of the journal: positions, records set aside, decisions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from controller.core.db import Tx, upsert
from controller.core.ids import new_id
from controller.models import JournalPosition, RadiusDecision, SetAside
from radius.journal.decisions import DecisionRecord

RefusedError = sa.exc.StatementError
"""Raised when the database refuses a statement or is away."""

_PURGE_BATCH = 5_000
_COLUMNS = DecisionRecord.__struct_fields__
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATEs of transactions that only met another one: serialisation, deadlock, lock not available."""
_CONTENT_STATES = ("22", "23")
"""How SQLSTATEs begin that speak of values: data exception, integrity constraint violation."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A record to set aside: see `controller.models.radius_journal.SetAside`."""

    at: datetime
    kind: str
    nas_id: str
    address: str
    reason: str
    octets: bytes


def met_another(error: BaseException) -> bool:
    """Tell whether a transaction failed only because of another one: it is to be tried again."""
    cause = getattr(error, "orig", None)
    return str(getattr(cause, "sqlstate", None) or "") in _TRY_AGAIN


def is_records_fault(error: BaseException) -> bool:
    """Tell whether an error lies in a record's content, not in the database or its schema."""
    if isinstance(error, sa.exc.IntegrityError | sa.exc.DataError):
        return True
    if isinstance(error, sa.exc.DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        # The PostgreSQL driver calls a value it cannot send an error of its interface.
        return state.startswith(_CONTENT_STATES) or isinstance(
            getattr(error.orig, "__cause__", None), ValueError
        )
    return isinstance(error, ArithmeticError | LookupError | TypeError | ValueError | AttributeError)


async def find_positions(tx: Tx, segments: Collection[str]) -> dict[str, int]:
    """Return how far segments are applied; those of which nothing is are left out."""
    rows = await tx.execute(
        sa.select(JournalPosition.segment, JournalPosition.offset).where(
            JournalPosition.segment.in_(segments)
        )
    )
    return {row.segment: row.offset for row in rows}


async def save_positions(tx: Tx, positions: Mapping[str, int], now: datetime) -> None:
    """Store how far segments are applied."""
    rows = [{"segment": segment, "offset": offset, "at": now} for segment, offset in positions.items()]
    await upsert(tx, JournalPosition, rows, keys=["segment"], update=["offset", "at"])


async def forget_positions(tx: Tx, segments: Collection[str]) -> None:
    """Delete the positions of segments that are done."""
    await tx.execute(sa.delete(JournalPosition).where(JournalPosition.segment.in_(segments)))


async def set_aside(tx: Tx, asides: Sequence[Aside]) -> None:
    """Store records that could not be applied."""
    rows: list[dict[str, Any]] = [
        {"id": new_id()} | {name: getattr(one, name) for name in Aside.__dataclass_fields__} for one in asides
    ]
    if rows:
        await tx.execute(sa.insert(SetAside), rows)


async def add_decisions(tx: Tx, decisions: Sequence[tuple[datetime, DecisionRecord]]) -> None:
    """Store decisions and when they were made."""
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "at": at} | {name: getattr(one, name) for name in _COLUMNS} for at, one in decisions
    ]
    if rows:
        await tx.execute(sa.insert(RadiusDecision), rows)


async def purge(tx: Tx, now: datetime, *, decisions_kept: timedelta, asides_kept: timedelta) -> int:
    """Delete some of what is older than it is to be kept; return how many rows."""
    gone = 0
    for model, before in ((RadiusDecision, now - decisions_kept), (SetAside, now - asides_kept)):
        old = sa.select(model.id).where(model.at < before).limit(_PURGE_BATCH)
        result = await tx.execute(sa.delete(model).where(model.id.in_(old)))
        gone += int(getattr(result, "rowcount", 0))
    return gone
