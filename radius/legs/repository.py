"""SQL of legs, many at a time, and of what a session needs to begin."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from controller.core.db import Tx, among, insert_rows, update_rows
from controller.core.mac import Mac
from controller.directory.types import Known, PlanView
from controller.models import Account, ApStatus, Device, NetSession, Plan, RadiusLeg

_LEGS = cast("sa.Table", RadiusLeg.__table__)
_KEY_NAMES = ("nas_id", "address", "acct_session_id")
_KEY = tuple(_LEGS.c[name] for name in _KEY_NAMES)
_COUNTERS = (
    "heard_at", "session_time_s", "up_bytes", "down_bytes", "up_packets", "down_packets",
)  # fmt: skip
COLUMNS: Final = tuple(_LEGS.c.keys())
_ALL: Final = attrgetter(*COLUMNS)
_COUNTED: Final = attrgetter(*_KEY_NAMES, *_COUNTERS)
_TURNED: Final = attrgetter(*_KEY_NAMES, *_COUNTERS, "ended_at")


async def load_legs(tx: Tx, keys: Collection[tuple[str, str, str]]) -> Sequence[Sequence[Any]]:
    """Return `COLUMNS` of these (NAS, address, Acct-Session-Id), those that are there."""
    return await _rows(tx, sa.select(_LEGS).join(*_wanted(tx, keys, _KEY)))


async def load_open_legs_of(tx: Tx, devices: Collection[tuple[str, str]]) -> Sequence[Sequence[Any]]:
    """Return `COLUMNS` of the legs that go on at these (NAS, address)."""
    query = sa.select(_LEGS).join(*_wanted(tx, devices, _KEY[:2])).where(_LEGS.c.ended_at.is_(None))
    return await _rows(tx, query)


async def load_open_legs(tx: Tx, session_ids: Collection[str]) -> Sequence[Sequence[Any]]:
    """Return `COLUMNS` of the legs of sessions that go on."""
    query = sa.select(_LEGS).where(among(tx, _LEGS.c.session_id, session_ids), _LEGS.c.ended_at.is_(None))
    return await _rows(tx, query)


async def insert_legs(tx: Tx, legs: Iterable[Any]) -> None:
    """Store new legs: objects with the columns as attributes."""
    await insert_rows(tx, _LEGS, COLUMNS, list(map(_ALL, legs)))


async def update_counters(tx: Tx, legs: Iterable[Any]) -> None:
    """Store what legs have counted; whether they go on is left as it is, for others may end them."""
    await update_rows(tx, _LEGS, (*_KEY_NAMES, *_COUNTERS), list(map(_COUNTED, legs)), keys=len(_KEY_NAMES))


async def update_turned(tx: Tx, legs: Iterable[Any]) -> None:
    """Store what legs have counted, and when they ended or that they go on."""
    names = (*_KEY_NAMES, *_COUNTERS, "ended_at")
    await update_rows(tx, _LEGS, names, list(map(_TURNED, legs)), keys=len(_KEY_NAMES))


async def find_devices(tx: Tx, ids: Collection[str]) -> tuple[dict[str, Known], set[str]]:
    """Return devices by id, remembered or not, and the accounts among theirs that are blocked."""
    if not ids:
        return {}, set()
    query = (
        sa.select(
            Device.account_id,
            Device.id.label("device_id"),
            Device.mac,
            Device.remembered_until,
            Account.plan_id,
            Account.status,
        )
        .join(Account, Account.id == Device.account_id)
        .where(among(tx, cast("sa.ColumnElement[str]", Device.id), ids))
    )
    rows = (await tx.execute(query)).all()
    plans = await _plans(tx, {row.plan_id for row in rows})
    found = {
        row.device_id: Known(
            row.account_id, row.device_id, Mac(row.mac), plans[row.plan_id], row.remembered_until
        )
        for row in rows
    }
    return found, {row.account_id for row in rows if row.status != "active"}


async def list_intervals(tx: Tx) -> dict[int, list[str]]:
    """Return the plans' ids by their interim interval in seconds."""
    plans: dict[int, list[str]] = {}
    for plan_id, interim_s in await tx.execute(sa.select(Plan.id, Plan.interim_s)):
        plans.setdefault(interim_s, []).append(plan_id)
    return plans


async def list_silent(
    tx: Tx, *, plan_ids: Collection[str], before: datetime, limit: int
) -> Sequence[Sequence[Any]]:
    """Return `COLUMNS` of open legs of sessions of plans of which nothing was heard since before a moment."""
    query = (
        sa.select(_LEGS)
        .join(NetSession, NetSession.id == _LEGS.c.session_id)
        .where(_LEGS.c.ended_at.is_(None), _LEGS.c.heard_at < before, NetSession.plan_id.in_(plan_ids))
        .order_by(_LEGS.c.heard_at)
        .limit(limit)
    )
    return await _rows(tx, query)


async def list_cut_off(tx: Tx, *, before: datetime, limit: int) -> Sequence[Sequence[Any]]:
    """Return `COLUMNS` of open legs at access points that are down since before a moment, if silent since."""
    query = (
        sa.select(_LEGS)
        .join(ApStatus, ApStatus.serial == _LEGS.c.ap_serial)
        .where(
            _LEGS.c.ended_at.is_(None),
            ApStatus.connected.is_(False),
            ApStatus.disconnected_at < before,
            _LEGS.c.heard_at <= ApStatus.disconnected_at,
        )
        .order_by(_LEGS.c.session_id)
        .limit(limit)
    )
    return await _rows(tx, query)


async def _rows(tx: Tx, query: sa.Select[Any]) -> Sequence[Sequence[Any]]:
    rows: Sequence[Sequence[Any]] = (await tx.execute(query)).all()
    return rows


async def _plans(tx: Tx, ids: Collection[str]) -> dict[str, PlanView]:
    if not ids:
        return {}
    return {
        row.id: PlanView(**{name: getattr(row, name) for name in PlanView.__dataclass_fields__})
        for row in await tx.scalars(sa.select(Plan).where(Plan.id.in_(ids)))
    }


def _wanted(
    tx: Tx, keys: Collection[tuple[str, ...]], columns: Sequence[sa.Column[str]]
) -> tuple[Any, sa.ColumnElement[bool]]:
    """Return what to join for rows of which some columns are one of many tuples; its SQL never changes."""
    names = [f"k{number}" for number in range(len(columns))]
    if tx.get_bind().dialect.name == "postgresql":
        parts = [list(part) for part in zip(*keys, strict=True)]
        arrays = [sa.bindparam(None, part, type_=postgresql.ARRAY(sa.String)) for part in parts]
        wanted = sa.func.unnest(*arrays).table_valued(*names).render_derived()
        values: list[Any] = [wanted.c[name] for name in names]
    else:
        each = sa.func.json_each(json.dumps([list(key) for key in keys])).table_valued("value")
        values = [sa.func.json_extract(each.c.value, f"$[{number}]") for number in range(len(columns))]
        wanted = each
    return wanted, sa.and_(*(column == value for column, value in zip(columns, values, strict=True)))
