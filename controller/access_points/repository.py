"""SQL of the access points: the inventory and what is shown beside it."""

import json
from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from controller.access_points.types import (
    ApConfigView,
    ApEventView,
    ApFilter,
    ApState,
    ApView,
    ConfigCounts,
    ConfigStatus,
)
from controller.core.db import Tx
from controller.core.errors import ConflictError
from controller.models import AccessPoint, ApConfig, ApEvent, ApStatus, Site

_CONNECTED = sa.func.coalesce(ApStatus.connected, sa.false())


async def find_page(tx: Tx, wanted: ApFilter, *, limit: int, after: str | None) -> tuple[list[ApView], int]:
    """Return up to `limit` APs by name, past the AP with serial `after`; and how many match in all."""
    conditions = _conditions(wanted)
    total = await tx.scalar(_joined(sa.select(sa.func.count())).where(*conditions))
    query = _columns().where(*conditions)
    if after is not None:
        name = sa.select(AccessPoint.name).where(AccessPoint.serial == after).scalar_subquery()
        query = query.where(
            sa.or_(
                AccessPoint.name > name,
                sa.and_(AccessPoint.name == name, AccessPoint.serial > after),
            )
        )
    rows = await tx.execute(query.order_by(AccessPoint.name, AccessPoint.serial).limit(limit))
    return [_view(row._mapping) for row in rows], total or 0  # noqa: SLF001  its public name


async def find_by_serial(tx: Tx, serial: str) -> ApView | None:
    """Find an AP."""
    row = (await tx.execute(_columns().where(AccessPoint.serial == serial))).mappings().first()
    return None if row is None else _view(row)


async def find_by_name(tx: Tx, name: str, *, limit: int = 2) -> list[ApView]:
    """Return APs of exactly this name; names need not be unique."""
    rows = await tx.execute(_columns().where(AccessPoint.name == name).limit(limit))
    return [_view(row) for row in rows.mappings()]


async def find_known(tx: Tx) -> tuple[set[str], set[str]]:
    """Return every serial and every MAC in the inventory."""
    rows = (await tx.execute(sa.select(AccessPoint.serial, AccessPoint.mac))).all()
    return {serial for serial, _ in rows}, {mac for _, mac in rows}


async def find_by_mac(tx: Tx, mac: str) -> str | None:
    """Find the serial of the AP with this MAC."""
    return await tx.scalar(sa.select(AccessPoint.serial).where(AccessPoint.mac == mac))


async def add_all(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Store new APs, all columns given; ConflictError when one came in between."""
    if not rows:
        return
    try:
        await tx.execute(sa.insert(AccessPoint), list(rows))
    except IntegrityError as error:
        raise ConflictError("an AP of this serial was added at the same time", hint="try again") from error


async def set_fields(tx: Tx, serial: str, fields: dict[str, Any]) -> None:
    """Change columns of one AP."""
    await tx.execute(sa.update(AccessPoint).where(AccessPoint.serial == serial).values(**fields))


async def find_status(tx: Tx, serial: str) -> ApStatus | None:
    """Find what an AP last told of itself."""
    return await tx.get(ApStatus, serial)


async def find_config(tx: Tx, serial: str) -> ApConfigView | None:
    """Find what an AP should run and how far it is."""
    found = await tx.execute(
        sa.select(ApConfig, ApStatus.config_uuid)
        .outerjoin(ApStatus, ApStatus.serial == ApConfig.serial)
        .where(ApConfig.serial == serial)
    )
    row = found.first()
    if row is None:
        return None
    config, running_uuid = row
    return ApConfigView(
        serial=config.serial,
        status=cast("ConfigStatus", config.status),
        desired_uuid=config.desired_uuid,
        desired=json.loads(config.desired),
        desired_at=config.desired_at,
        sent_at=config.sent_at,
        acknowledged_uuid=config.acknowledged_uuid,
        acknowledged_at=config.acknowledged_at,
        running_uuid=running_uuid,
        rejected=tuple(str(part) for part in config.rejected or ()),
        error=config.error,
    )


async def list_events(tx: Tx, serial: str, *, limit: int) -> list[ApEventView]:
    """Return an AP's last events, newest first."""
    rows = await tx.scalars(
        sa.select(ApEvent)
        .where(ApEvent.serial == serial)
        .order_by(ApEvent.at.desc(), ApEvent.id.desc())
        .limit(limit)
    )
    return [ApEventView(row.at, row.kind, row.severity, dict(row.data or {})) for row in rows]


async def count_configs(tx: Tx) -> ConfigCounts:
    """Count adopted APs by how far their configuration is."""
    rows = await tx.execute(
        sa.select(ApConfig.status, sa.func.count())
        .select_from(AccessPoint)
        .outerjoin(ApConfig, ApConfig.serial == AccessPoint.serial)
        .where(AccessPoint.state == "adopted")
        .group_by(ApConfig.status)
    )
    by_status: dict[str | None, int] = {status: number for status, number in rows}  # noqa: C416  typed
    return ConfigCounts(
        total=sum(by_status.values()),
        acknowledged=by_status.get("acknowledged", 0),
        pending=by_status.get("pending", 0),
        sent=by_status.get("sent", 0),
        rejected=by_status.get("rejected", 0),
        failed=by_status.get("failed", 0),
        none=by_status.get(None, 0),
    )


def _joined(query: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    return (
        query.select_from(AccessPoint)
        .join(Site, Site.id == AccessPoint.site_id)
        .outerjoin(ApStatus, ApStatus.serial == AccessPoint.serial)
        .outerjoin(ApConfig, ApConfig.serial == AccessPoint.serial)
    )


def _columns() -> sa.Select[*tuple[Any, ...]]:
    return _joined(
        sa.select(
            AccessPoint.serial,
            AccessPoint.name,
            AccessPoint.mac,
            AccessPoint.model,
            AccessPoint.site_id,
            Site.district_id,
            AccessPoint.zone_id,
            AccessPoint.latitude,
            AccessPoint.longitude,
            AccessPoint.state,
            AccessPoint.created_at,
            _CONNECTED.label("connected"),
            ApStatus.connected_at,
            ApStatus.last_seen_at,
            sa.func.coalesce(ApStatus.firmware, "").label("firmware"),
            sa.func.coalesce(ApStatus.clients, 0).label("clients"),
            ApConfig.status.label("config_status"),
        )
    )


def _conditions(wanted: ApFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.zone is not None:
        zone = None if wanted.zone == "none" else wanted.zone
        conditions.append(AccessPoint.zone_id.is_(None) if zone is None else AccessPoint.zone_id == zone)
    if wanted.district is not None:
        conditions.append(Site.district_id == wanted.district)
    if wanted.site is not None:
        conditions.append(AccessPoint.site_id == wanted.site)
    if wanted.state is not None:
        conditions.append(AccessPoint.state == wanted.state)
    if wanted.connected is not None:
        conditions.append(sa.literal(wanted.connected) == _CONNECTED)
    if wanted.config is not None:
        conditions.append(ApConfig.status == wanted.config)
    if wanted.text:
        conditions.append(_holds_text(wanted.text))
    return conditions


def _holds_text(text: str) -> sa.ColumnElement[bool]:
    # SQLite folds the case of Latin letters only; these forms cover how names are written in Russian.
    forms = {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    in_name = [AccessPoint.name.icontains(form, autoescape=True) for form in sorted(forms)]
    return sa.or_(AccessPoint.serial.contains(text.lower(), autoescape=True), *in_name)


def _view(row: Any) -> ApView:
    return ApView(**{**row, "state": cast("ApState", row["state"])})
