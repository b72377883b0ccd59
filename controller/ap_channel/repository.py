"""SQL of the access point channel: status in batches, events, and who may connect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from controller.ap_channel.board import ApEventRow
from controller.core.db import Tx
from controller.core.ids import new_id
from controller.models import AccessPoint, ApEvent, ApStatus

RefusedError = sa.exc.StatementError
"""Raised when the database refuses a statement or is away: ask `is_away` which."""

_CHUNK = 5_000
"""Serials per IN list: both databases take more, but the plan gets no better."""
_NEW_ROW: Mapping[str, Any] = {
    "connected": True,
    "firmware": "",
    "config_uuid": 0,
    "clients": 0,
    "summary": {},
    "last_reboot_reason": "",
}
_STATUS = cast("sa.Table", ApStatus.__table__)
_ENCODER = msgspec.json.Encoder()


async def save_status(tx: Tx, status: Mapping[str, Mapping[str, Any]]) -> int:
    """Store columns of ``ap_status`` by serial; return how many rows.

    A row that says ``connected`` may be the access point's first and is upserted; all others must
    exist already and are updated. Serials no longer in the inventory are left out.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for serial, columns in status.items():
        groups[tuple(sorted(columns))].append({"serial": serial, **columns})
    written = 0
    for names, rows in groups.items():
        if "connected_at" in names:
            known = await _known(tx, (row["serial"] for row in rows))
            await _upsert(tx, names, [row for row in rows if row["serial"] in known])
        else:
            await _update(tx, names, rows)
        written += len(rows)
    return written


async def add_events(tx: Tx, events: Sequence[ApEventRow]) -> None:
    """Store events; those of access points no longer in the inventory are left out."""
    if not events:
        return
    known = await _known(tx, {event.serial for event in events})
    rows = [
        {
            "id": new_id(),
            "serial": event.serial,
            "at": event.at,
            "kind": event.kind,
            "severity": event.severity,
            "data": dict(event.data),
        }
        for event in events
        if event.serial in known
    ]
    if rows:
        await tx.execute(sa.insert(ApEvent), rows)


def is_away(error: RefusedError) -> bool:
    """Whether the database did not answer, as against refusing what it was given."""
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or bool(
        getattr(error, "connection_invalidated", False)
    )


async def mark_all_disconnected(tx: Tx, now: datetime) -> None:
    """At start nobody is connected, whatever the last run left."""
    await tx.execute(
        sa.update(ApStatus).where(ApStatus.connected).values(connected=False, disconnected_at=now)
    )


async def purge_events(tx: Tx, before: datetime) -> None:
    """Delete events older than ``before``."""
    await tx.execute(sa.delete(ApEvent).where(ApEvent.at < before))


async def list_states(tx: Tx) -> dict[str, str]:
    """Inventory state (planned, adopted, retired) by serial."""
    rows = await tx.execute(sa.select(AccessPoint.serial, AccessPoint.state))
    return {serial: state for serial, state in rows}  # noqa: C416 - rows are not tuples for dict()


async def find_state(tx: Tx, serial: str) -> str | None:
    """Inventory state of one access point, None if it is unknown."""
    return await tx.scalar(sa.select(AccessPoint.state).where(AccessPoint.serial == serial))


async def adopt(tx: Tx, serials: Collection[str]) -> None:
    """Planned access points that connected are adopted."""
    await tx.execute(
        sa.update(AccessPoint)
        .where(AccessPoint.serial.in_(serials), AccessPoint.state == "planned")
        .values(state="adopted")
    )


async def _known(tx: Tx, serials: Iterable[str]) -> set[str]:
    wanted = list(serials)
    known: set[str] = set()
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        known.update(await tx.scalars(sa.select(AccessPoint.serial).where(AccessPoint.serial.in_(chunk))))
    return known


async def _upsert(tx: Tx, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    connection = await tx.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(_STATUS)
    statement = statement.on_conflict_do_update(
        index_elements=["serial"], set_={name: statement.excluded[name] for name in names}
    )
    await connection.execute(statement, [{**_NEW_ROW, **row} for row in rows])


async def _update(tx: Tx, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """One UPDATE for many rows; the summary goes as text, so it is encoded once and fast."""
    connection = await tx.connection()
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}", type_=_STATUS.c[name].type) for name in names}
    if "summary" in values:
        values["summary"] = _json_text("new_summary", connection.dialect.name)
    statement = sa.update(_STATUS).where(_STATUS.c.serial == sa.bindparam("of_serial")).values(values)
    await connection.execute(statement, [_parameters(row) for row in rows])


def _json_text(name: str, dialect: str) -> sa.ColumnElement[Any]:
    text = sa.bindparam(name, type_=sa.Text())
    return sa.cast(text, sa.JSON()) if dialect == "postgresql" else sa.type_coerce(text, sa.Text())


def _parameters(row: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {f"new_{name}": value for name, value in row.items() if name != "serial"}
    if "new_summary" in parameters:
        parameters["new_summary"] = _ENCODER.encode(parameters["new_summary"]).decode()
    parameters["of_serial"] = row["serial"]
    return parameters
