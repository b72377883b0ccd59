"""What the city's summary and story look up in the database. It writes nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import AccessPoint, AccountingRecord, ApConfig, ApStatus, NetSession


@dataclass(frozen=True, slots=True)
class FleetCount:
    """The access points in numbers."""

    aps: int
    connected: int
    settled: int
    """Those that have acknowledged the configuration they shall run."""
    clients: int
    """Stations that they report."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """How far a network name has come."""

    acknowledged: int
    """Access points that acknowledged a configuration with it."""
    reported: int
    """Access points whose last state names it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One accounting record."""

    kind: str
    source: str
    up_bytes: int
    down_bytes: int
    terminate_cause: str


async def count_fleet(tx: Tx) -> FleetCount:
    """Count the access points that are not retired, and how they do."""
    aps = await tx.scalar(
        sa.select(sa.func.count()).select_from(AccessPoint).where(AccessPoint.state != "retired"),
    )
    status = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(ApStatus.clients), 0))
    connected, clients = (await tx.execute(status.where(ApStatus.connected))).one()
    settled = await tx.scalar(sa.select(sa.func.count()).select_from(_IN_USE).where(*_SETTLED))
    return FleetCount(aps or 0, int(connected), settled or 0, int(clients))


async def count_on_air(tx: Tx, ssid: str) -> OnAir:
    """Count the access points that shall and do send a network name."""
    desired = await tx.scalars(sa.select(ApConfig.desired).select_from(_IN_USE).where(*_SETTLED))
    summaries = await tx.scalars(sa.select(ApStatus.summary).where(ApStatus.connected))
    return OnAir(
        acknowledged=sum(ssid in _configured(json.loads(text)) for text in desired),
        reported=sum(ssid in _reported(summary) for summary in summaries),
    )


async def count_online(tx: Tx) -> int:
    """Count the sessions that are open."""
    found = await tx.scalar(
        sa.select(sa.func.count()).select_from(NetSession).where(NetSession.ended_at.is_(None)),
    )
    return found or 0


async def list_records(tx: Tx, session_id: str) -> list[Counted]:
    """The accounting records of a session, oldest first."""
    rows = await tx.scalars(
        sa.select(AccountingRecord)
        .where(AccountingRecord.session_id == session_id)
        .order_by(AccountingRecord.at, AccountingRecord.id),
    )
    return [Counted(row.kind, row.source, row.up_bytes, row.down_bytes, row.terminate_cause) for row in rows]


_IN_USE = sa.join(ApConfig, AccessPoint)
_SETTLED = (
    AccessPoint.state != "retired",
    ApConfig.status == "acknowledged",
    ApConfig.acknowledged_uuid == ApConfig.desired_uuid,
)


def _configured(config: Mapping[str, Any]) -> set[str]:
    """The names that a uCentral configuration puts on the air."""
    interfaces = config.get("interfaces", [])
    return {ssid["name"] for interface in interfaces for ssid in interface.get("ssids", [])}


def _reported(summary: Mapping[str, Any]) -> set[str]:
    """The names that an access point's last state tells."""
    return {bss["ssid"] for bss in summary.get("bss", [])}
