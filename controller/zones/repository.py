"""SQL of the zones."""

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import AccessPoint, Zone
from controller.zones.types import ZoneView


async def list_all(tx: Tx) -> list[ZoneView]:
    """Return every zone by id, with the number of its APs (retired ones left out)."""
    counts = (
        sa.select(AccessPoint.zone_id, sa.func.count().label("number"))
        .where(AccessPoint.state != "retired")
        .group_by(AccessPoint.zone_id)
        .subquery()
    )
    rows = await tx.execute(
        sa.select(Zone, sa.func.coalesce(counts.c.number, 0))
        .outerjoin(counts, counts.c.zone_id == Zone.id)
        .order_by(Zone.id)
    )
    return [ZoneView(zone.id, zone.name, zone.name_en, dict(zone.polygon), number) for zone, number in rows]


async def add_all(tx: Tx, zones: list[ZoneView]) -> None:
    """Store new zones."""
    tx.add_all(Zone(id=zone.id, name=zone.name, name_en=zone.name_en, polygon=zone.polygon) for zone in zones)
    await tx.flush()
