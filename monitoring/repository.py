"""The monitor's queries: the fleet and the sessions, read only. No metric names, no rendering.

Columns are read, never whole rows: 3,000 APs are read every few seconds, and no column that could
name a citizen (MAC, address, account) leaves the database.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from controller.core.db import Database, Tx
from controller.core.errors import UnavailableError
from controller.models import AccessPoint, ApConfig, ApStatus, District, Gateway, NetSession, Site, Wlan
from monitoring.snapshot import (
    NOWHERE,
    ApRow,
    ChangedSession,
    FleetSnapshot,
    OpenSessions,
    Place,
    SessionsSnapshot,
    SiteRow,
)

__all__ = ["read_fleet", "read_sessions", "take"]

# Rows become visible when their transaction commits, a little after the times written in them.
OVERLAP = timedelta(seconds=120)


async def take(
    db: Database, *, now: datetime, sessions_since: datetime | None
) -> tuple[FleetSnapshot, SessionsSnapshot]:
    """Read fleet and sessions in one transaction.

    Args:
        db: the database.
        now: becomes the snapshot's time.
        sessions_since: read the sessions changed since then; None reads the open ones.

    Raises:
        UnavailableError: the database cannot be reached or answered with an error.
    """
    try:
        async with db.reading() as tx:
            return await read_fleet(tx, now=now), await read_sessions(tx, now=now, since=sessions_since)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise UnavailableError(
            f"the database did not answer the monitor: {type(error).__name__}",
            hint="look at the database server, and at database_url",
        ) from error


async def read_fleet(tx: Tx, *, now: datetime) -> FleetSnapshot:
    """Every AP that is not retired, every site, and the names of all networks."""
    sites = await tx.execute(
        sa.select(Site.id, Site.name, Site.district_id, District.name).join(
            District, District.id == Site.district_id
        )
    )
    site_rows: list[SiteRow] = []
    places: dict[str, Place] = {}
    for site_id, name, district_id, district_name in sites:
        place = places[site_id] = Place(site_id, district_id)
        site_rows.append(SiteRow(place, name, district_name))
    aps = await tx.execute(
        sa.select(
            AccessPoint.serial,
            AccessPoint.site_id,
            AccessPoint.zone_id,
            AccessPoint.state,
            AccessPoint.name,
            AccessPoint.model,
            AccessPoint.latitude,
            AccessPoint.longitude,
            ApStatus.connected,
            ApStatus.last_seen_at,
            ApStatus.state_at,
            ApStatus.firmware,
            ApStatus.clients,
            ApStatus.summary,
            ApStatus.config_uuid,
            ApConfig.desired_uuid,
            ApConfig.status,
        )
        .join(ApStatus, ApStatus.serial == AccessPoint.serial, isouter=True)
        .join(ApConfig, ApConfig.serial == AccessPoint.serial, isouter=True)
        .where(AccessPoint.state != "retired")
        .order_by(AccessPoint.serial)
    )
    ssids = await tx.scalars(sa.select(Wlan.ssid))
    return FleetSnapshot(
        taken_at=now.timestamp(),
        aps=[_ap_row(row, places) for row in aps],
        sites=site_rows,
        ssids=frozenset(ssids),
    )


def _ap_row(row: Any, places: dict[str, Place]) -> ApRow:
    return ApRow(
        serial=row.serial,
        place=places.get(row.site_id, Place()),
        state=row.state,
        zone=row.zone_id or NOWHERE,
        name=row.name,
        model=row.model,
        latitude=row.latitude,
        longitude=row.longitude,
        connected=bool(row.connected),
        last_seen_at=_unix(row.last_seen_at),
        reported_at=_unix(row.state_at),
        firmware=row.firmware or "",
        clients=row.clients or 0,
        summary=row.summary if isinstance(row.summary, dict) else {},
        running_config=row.config_uuid,
        desired_config=row.desired_uuid,
        config_status=row.status or "",
    )


async def read_sessions(tx: Tx, *, now: datetime, since: datetime | None) -> SessionsSnapshot:
    """Open sessions counted by group, and each session changed since `since` less an overlap.

    `since` None reads the open sessions and those that just ended: the baseline of the counters. A
    session that does not say its site is at its gateway's.
    """
    sites = {
        site_id: Place(site_id, district_id)
        for site_id, district_id in await tx.execute(sa.select(Site.id, Site.district_id))
    }
    gateways = {
        gateway_id: sites[site_id]
        for gateway_id, site_id in await tx.execute(sa.select(Gateway.id, Gateway.site_id))
        if site_id in sites
    }

    def place(site_id: str | None, gateway_id: str | None) -> Place:
        return sites.get(site_id or "") or gateways.get(gateway_id or "") or Place()

    groups = await tx.execute(
        sa.select(NetSession.site_id, NetSession.gateway_id, NetSession.method, sa.func.count())
        .where(NetSession.ended_at.is_(None))
        .group_by(NetSession.site_id, NetSession.gateway_id, NetSession.method)
    )
    changed = sa.select(
        NetSession.id,
        NetSession.site_id,
        NetSession.gateway_id,
        NetSession.method,
        NetSession.ended_at,
        NetSession.end_reason,
        NetSession.up_bytes,
        NetSession.down_bytes,
    )
    start = (since or now).astimezone(UTC) - OVERLAP
    # Both halves are served by the index on ended_at, whatever the table has grown to.
    still_open = NetSession.ended_at.is_(None)
    if since is not None:
        touched = sa.or_(NetSession.started_at >= start, NetSession.last_used_at >= start)
        changed = changed.where(sa.or_(sa.and_(still_open, touched), NetSession.ended_at >= start))
    else:
        changed = changed.where(sa.or_(still_open, NetSession.ended_at >= start))
    return SessionsSnapshot(
        open=[
            OpenSessions(place(site_id, gateway_id), gateway_id or NOWHERE, method, count)
            for site_id, gateway_id, method, count in groups
        ],
        changed=[
            ChangedSession(
                session_id=row.id,
                place=place(row.site_id, row.gateway_id),
                gateway=row.gateway_id or NOWHERE,
                method=row.method,
                ended=row.ended_at is not None,
                end_reason=row.end_reason or "",
                up_bytes=row.up_bytes,
                down_bytes=row.down_bytes,
            )
            for row in await tx.execute(changed)
        ],
    )


def _unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
