"""The index's SQL: the rows that let somebody in, by what changed or all of them in pages."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from controller.core.db import Tx, UtcDateTime, among
from controller.directory.types import PlanView
from controller.models import AccessPoint, Account, ApStatus, Device, DeviceCredential, NetSession, Plan
from radius.index.entries import REFUSE, PlaceEntry

_MOMENT = sa.DateTime(timezone=True).with_variant(UtcDateTime(), "sqlite")
_AS_IT_IS = sa.types.NullType()
"""With these types a value of PostgreSQL passes no function of Python's: most of what a row took."""


def _moment(column: Any) -> Any:
    return sa.type_coerce(column, _MOMENT).label(column.key)


def _octets(column: Any) -> Any:
    return sa.type_coerce(column, _AS_IT_IS).label(column.key)


_CREDENTIAL = (
    sa.select(
        DeviceCredential.id,
        DeviceCredential.username,
        _octets(DeviceCredential.secret_digest),
        _octets(DeviceCredential.sealed),
        _moment(DeviceCredential.expires_at),
        Device.account_id,
        DeviceCredential.device_id,
        Device.mac,
        Account.plan_id,
    )
    .join(Device, Device.id == DeviceCredential.device_id)
    .join(Account, Account.id == Device.account_id)
    .where(DeviceCredential.revoked_at.is_(None), Account.status == "active")
)
_DEVICE = (
    sa.select(Device.id, Device.mac, _moment(Device.remembered_until), Device.account_id, Account.plan_id)
    .join(Account, Account.id == Device.account_id)
    .where(Device.remembered_until.is_not(None), Account.status == "active")
)
_SESSION = sa.select(
    NetSession.id, NetSession.mac, NetSession.account_id, _moment(NetSession.expires_at)
).where(NetSession.ended_at.is_(None))
_PAGES_ONLY = sa.text(
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
    " set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)"
)
"""Until the transaction ends. PostgreSQL might else join all of the tables for each page, where it has not
counted their rows yet."""

Rows = Sequence[Any]
"""Rows with the columns of one of the selects above."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the id after which the next page begins; None: it was the last."""

    rows: Rows
    last: str | None


async def list_credentials(tx: Tx, *, usernames: Collection[str]) -> Rows:
    """Return those of the credentials that are good, expired ones included."""
    return (
        await tx.execute(_CREDENTIAL.where(among(tx, DeviceCredential.username.expression, usernames)))
    ).all()


async def list_devices(tx: Tx, *, macs: Collection[str]) -> Rows:
    """Return those of the devices that are remembered, or were until their time was over."""
    return (await tx.execute(_DEVICE.where(among(tx, Device.mac.expression, macs)))).all()


async def list_sessions(tx: Tx, *, macs: Collection[str]) -> Rows:
    """Return the open sessions of devices."""
    return (await tx.execute(_SESSION.where(among(tx, NetSession.mac.expression, macs)))).all()


async def page_credentials(tx: Tx, *, after: str, limit: int, now: datetime) -> Page:
    """Return the next good credentials by id."""
    query = _CREDENTIAL.where(DeviceCredential.expires_at > now)
    return await _page(tx, query, DeviceCredential.id, after=after, limit=limit)


async def page_devices(tx: Tx, *, after: str, limit: int, now: datetime) -> Page:
    """Return the next remembered devices by id."""
    return await _page(tx, _DEVICE.where(Device.remembered_until > now), Device.id, after=after, limit=limit)


async def page_sessions(tx: Tx, *, after: str, limit: int, now: datetime) -> Page:
    """Return the next open sessions by id."""
    query = _SESSION.where(NetSession.expires_at > now)
    return await _page(tx, query, NetSession.id, after=after, limit=limit)


async def has_more_devices(tx: Tx, than: int) -> bool:
    """Tell whether there are more devices than that many; counts no further."""
    some = sa.select(Device.id).limit(than + 1).subquery()
    return (await tx.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > than


async def _page(tx: Tx, query: Any, column: Any, *, after: str, limit: int) -> Page:
    """Return the next rows of a query by the id that stands first in them."""
    connection = await tx.connection()
    page = query.where(column > after).order_by(column).limit(limit)
    if connection.dialect.name == "postgresql":
        await connection.execute(_PAGES_ONLY)
        result = await connection.execute(page)
        # As the driver has them: making rows of them took longer than all the rest.
        rows: Rows = result.cursor.fetchall() if result.cursor is not None else ()
        result.close()
    else:
        rows = (await connection.execute(page)).all()
    return Page(rows, rows[-1][0] if len(rows) == limit else None)


@dataclass(frozen=True, slots=True)
class Online:
    """The MACs of an account's open sessions, and when they are over; oldest first."""

    id: str
    online: list[tuple[str, datetime]]


async def list_counted(tx: Tx, *, session_ids: Collection[str], account_ids: Collection[str]) -> set[str]:
    """Return those accounts, and the accounts of those sessions, whose plan refuses a device too many."""
    refusing = sa.select(Account.id).join(Plan, Plan.id == Account.plan_id).where(Plan.when_full == REFUSE)
    by_session = (
        sa.select(NetSession.account_id)
        .where(among(tx, NetSession.id.expression, session_ids), NetSession.account_id.in_(refusing))
        .distinct()
    )
    named = refusing.where(among(tx, Account.id.expression, account_ids))
    return {*await tx.scalars(by_session), *await tx.scalars(named)}


async def list_online(tx: Tx, *, account_ids: Collection[str]) -> Sequence[Online]:
    """Return who of these accounts is online; those of whom nobody is are left out."""
    online: dict[str, Online] = {}
    query = _SESSION.where(among(tx, NetSession.account_id.expression, account_ids))
    for row in await tx.execute(query.order_by(NetSession.account_id, NetSession.id)):
        online.setdefault(row.account_id, Online(row.account_id, [])).online.append((row.mac, row.expires_at))
    return list(online.values())


async def page_online(tx: Tx, *, after: str, limit: int, now: datetime) -> Page:
    """Return who is online of the next accounts whose plan refuses a device too many, by id."""
    is_online = sa.exists().where(NetSession.account_id == Account.id, NetSession.ended_at.is_(None))
    query = (
        sa.select(Account.id)
        .join(Plan, Plan.id == Account.plan_id)
        .where(Account.id > after, Plan.when_full == REFUSE, is_online)
        .order_by(Account.id)
        .limit(limit)
    )
    del now
    ids = list(await tx.scalars(query))
    rows = await list_online(tx, account_ids=ids) if ids else ()
    return Page(rows, ids[-1] if len(ids) == limit else None)


async def list_names(tx: Tx, account_ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the user names of all credentials of accounts, whatever their state, and their devices' MACs."""
    mine = among(tx, Device.account_id.expression, account_ids)
    macs = set(await tx.scalars(sa.select(Device.mac).where(mine)))
    names = sa.select(DeviceCredential.username).join(Device, Device.id == DeviceCredential.device_id)
    return set(await tx.scalars(names.where(mine))), macs


async def list_plans(tx: Tx) -> list[PlanView]:
    """Return every plan by id."""
    columns = PlanView.__dataclass_fields__
    return [
        PlanView(**{column: getattr(row, column) for column in columns})
        for row in await tx.scalars(sa.select(Plan).order_by(Plan.id))
    ]


async def list_places(tx: Tx) -> dict[str, PlaceEntry]:
    """Return where access points stand, by their MACs and the BSSIDs they told; retired ones are left out."""
    rows = await tx.execute(
        sa.select(
            AccessPoint.mac,
            AccessPoint.serial,
            AccessPoint.site_id,
            AccessPoint.zone_id,
            ApStatus.summary["bss"].label("bss"),
        )
        .outerjoin(ApStatus, ApStatus.serial == AccessPoint.serial)
        .where(AccessPoint.state != "retired")
        .order_by(AccessPoint.mac)
    )
    places: dict[str, PlaceEntry] = {}
    for row in rows:
        place = PlaceEntry(row.serial, row.site_id, row.zone_id)
        for mac in (row.mac, *_bssids(row.bss)):
            places.setdefault(mac, place)
    return places


def _bssids(told: Any) -> Iterator[str]:
    """Return the BSSIDs of what an access point told of itself."""
    for bss in told if isinstance(told, list) else ():
        bssid = bss.get("bssid") if isinstance(bss, dict) else None
        if isinstance(bssid, str) and bssid:
            yield bssid
