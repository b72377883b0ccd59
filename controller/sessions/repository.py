"""The sessions' SQL; no rules."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from controller.core import outbox
from controller.core.db import Tx, among, insert_rows, update_rows, upsert
from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.directory.events import DeviceChanged
from controller.models import AccountingRecord, Device, NetSession
from controller.sessions.types import SessionView

COLUMNS: Final = tuple(NetSession.__table__.c.keys())
RECORD_COLUMNS: Final = tuple(AccountingRecord.__table__.c.keys())
_FIELDS = tuple(SessionView.__dataclass_fields__)
_SESSIONS = cast("sa.Table", NetSession.__table__)
_RECORDS = cast("sa.Table", AccountingRecord.__table__)
_COUNTERS = ("up_bytes", "down_bytes", "up_packets", "down_packets")
_CHANGING = ("last_used_at", "due_at", "last_interim_at", "ended_at", "end_reason", *_COUNTERS)
_ALL: Final = attrgetter(*COLUMNS)
_CHANGED: Final = attrgetter("id", *_CHANGING)
counted: Final = attrgetter(*_COUNTERS)
"""Returns a session's totals, in the order of the columns."""


def view(row: NetSession) -> SessionView:
    """Return a row as a frozen view."""
    values: dict[str, Any] = {field: getattr(row, field) for field in _FIELDS}
    return SessionView(**values)


async def find(tx: Tx, session_id: str, *, lock: bool = False) -> NetSession | None:
    """Return a session, locked until the transaction ends if asked."""
    return await tx.get(NetSession, session_id, with_for_update=lock or None, populate_existing=lock)


async def find_many(tx: Tx, ids: Collection[str], *, lock: bool = False) -> dict[str, NetSession]:
    """Return sessions by id, locked in the order of their ids if asked."""
    query = sa.select(NetSession).where(NetSession.id.in_(ids)).order_by(NetSession.id)
    return {row.id: row for row in await tx.scalars(_locked(query) if lock else query)}


async def find_open(tx: Tx, mac: Mac, *, lock: bool = False) -> NetSession | None:
    """Return the open session of a MAC address."""
    query = sa.select(NetSession).where(NetSession.mac == mac, NetSession.ended_at.is_(None))
    return await tx.scalar(_locked(query) if lock else query)


async def lock_open(tx: Tx, *, account_id: str, mac: Mac) -> Sequence[NetSession]:
    """Return the open sessions of an account and of a MAC address, locked in the order of their ids."""
    whose = sa.or_(NetSession.account_id == account_id, NetSession.mac == mac)
    query = sa.select(NetSession).where(whose, NetSession.ended_at.is_(None)).order_by(NetSession.id)
    return list(await tx.scalars(_locked(query)))


async def list_sessions(
    tx: Tx,
    *,
    gateway_id: str | None,
    site_id: str | None,
    account_id: str | None,
    only_open: bool,
    before: str | None,
    limit: int | None,
) -> Sequence[NetSession]:
    """Return sessions, newest first."""
    query = sa.select(NetSession).order_by(NetSession.id.desc()).limit(limit)
    if gateway_id is not None:
        query = query.where(NetSession.gateway_id == gateway_id)
    if site_id is not None:
        query = query.where(NetSession.site_id == site_id)
    if account_id is not None:
        query = query.where(NetSession.account_id == account_id)
    if only_open:
        query = query.where(NetSession.ended_at.is_(None))
    if before is not None:
        query = query.where(NetSession.id < before)
    return list(await tx.scalars(query))


async def list_due(tx: Tx, now: datetime, limit: int) -> Sequence[NetSession]:
    """Return open sessions whose time has come, locked."""
    query = (
        sa.select(NetSession)
        .where(NetSession.ended_at.is_(None), NetSession.due_at <= now)
        .order_by(NetSession.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await tx.scalars(query))


async def delete_ended(tx: Tx, before: datetime, limit: int) -> int:
    """Delete sessions that ended before a moment, with their records; return how many."""
    old = sa.select(NetSession.id).where(NetSession.ended_at < before).order_by(NetSession.ended_at)
    ids = list(await tx.scalars(old.limit(limit)))
    await tx.execute(sa.delete(NetSession).where(NetSession.id.in_(ids)))
    return len(ids)


async def add_record(
    tx: Tx, session: NetSession, *, kind: str, source: str, event_key: str, at: datetime, cause: str = ""
) -> None:
    """Write an accounting record with the session's totals; one with the same key is left as it is."""
    row = _record(session, kind=kind, source=source, event_key=event_key, at=at, cause=cause)
    await upsert(tx, AccountingRecord, [row], keys=["event_key"], update=[])


async def add_interims(tx: Tx, sessions: Sequence[NetSession], *, source: str, at: datetime) -> None:
    """Write an interim record for each session; one of the same second is left as it is."""
    if not sessions:
        return
    insert = postgresql.insert if tx.get_bind().dialect.name == "postgresql" else sqlite.insert
    # One statement with many parameter sets: it is compiled once, however many there are.
    statement = insert(AccountingRecord).on_conflict_do_nothing(index_elements=["event_key"])
    moment = int(at.timestamp())
    rows = [
        _record(
            session,
            kind="interim",
            source=source,
            event_key=f"{session.id}/interim/{moment}",
            at=at,
            cause="",
        )
        for session in sessions
    ]
    await tx.execute(statement, rows)


def _locked(query: sa.Select[NetSession]) -> sa.Select[NetSession]:
    # What this transaction read before it had the lock may have changed since.
    return query.with_for_update().execution_options(populate_existing=True)


def _record(
    session: NetSession, *, kind: str, source: str, event_key: str, at: datetime, cause: str
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "session_id": session.id,
        "kind": kind,
        "source": source,
        "event_key": event_key,
        "at": at,
        "up_bytes": session.up_bytes,
        "down_bytes": session.down_bytes,
        "up_packets": session.up_packets,
        "down_packets": session.down_packets,
        "session_time_s": max(0, int((at - session.started_at).total_seconds())),
        "terminate_cause": cause,
    }


async def correct_stop(tx: Tx, session: NetSession) -> None:
    """Bring the stop record up to the session's totals: its last bytes were told after its end."""
    await tx.execute(
        sa.update(AccountingRecord)
        .where(AccountingRecord.session_id == session.id, AccountingRecord.kind == "stop")
        .values(
            up_bytes=session.up_bytes,
            down_bytes=session.down_bytes,
            up_packets=session.up_packets,
            down_packets=session.down_packets,
        )
    )


async def load_many(
    tx: Tx, *, ids: Collection[str], macs: Collection[str], accounts: Collection[str]
) -> Sequence[Sequence[Any]]:
    """Return `COLUMNS` of sessions by id, and of the open ones of devices and accounts, locked by id."""
    found = set(ids)
    # One after the other: for an OR of them PostgreSQL may read the whole table.
    for column, values in ((_SESSIONS.c.mac, macs), (_SESSIONS.c.account_id, accounts)):
        if values:
            still_open = sa.select(_SESSIONS.c.id).where(
                among(tx, column, values), _SESSIONS.c.ended_at.is_(None)
            )
            found.update(await tx.scalars(still_open))
    if not found:
        return []
    query = sa.select(_SESSIONS).where(among(tx, _SESSIONS.c.id, found)).order_by(_SESSIONS.c.id)
    rows: Sequence[Sequence[Any]] = (await tx.execute(query.with_for_update())).all()
    return rows


async def insert_many(tx: Tx, sessions: Iterable[Any]) -> None:
    """Store new sessions: objects with the columns as attributes."""
    await insert_rows(tx, _SESSIONS, COLUMNS, list(map(_ALL, sessions)))


async def update_many(tx: Tx, sessions: Iterable[Any]) -> None:
    """Store what may change of sessions that RADIUS counts."""
    await update_rows(tx, _SESSIONS, ("id", *_CHANGING), list(map(_CHANGED, sessions)))


async def add_records(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write accounting records, `RECORD_COLUMNS`; where `event_key` is there already, it is left as it is."""
    await insert_rows(tx, _RECORDS, RECORD_COLUMNS, rows, unless=["event_key"])


async def correct_stops(tx: Tx, sessions: Iterable[Any]) -> None:
    """Bring stop records up to the sessions' totals."""
    rows = [(f"{one.id}/stop", *counted(one)) for one in sessions]
    await update_rows(tx, _RECORDS, ("event_key", *_COUNTERS), rows)


async def forget_device(tx: Tx, device_id: str) -> None:
    """Have the device log in again."""
    forgotten = sa.update(Device).where(Device.id == device_id).values(remembered_until=None)
    for mac in await tx.scalars(forgotten.returning(Device.mac)):
        await outbox.add(tx, DeviceChanged(mac))


async def list_records(tx: Tx, session_id: str) -> Sequence[AccountingRecord]:
    """Return a session's accounting records, oldest first."""
    query = (
        sa.select(AccountingRecord)
        .where(AccountingRecord.session_id == session_id)
        .order_by(AccountingRecord.at, AccountingRecord.id)
    )
    return list(await tx.scalars(query))
