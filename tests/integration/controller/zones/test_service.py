"""The zones in a real database."""

import sqlalchemy as sa

from controller.models import Zone
from controller.zones import service


async def test_the_rings_come_once_and_a_citys_own_zones_are_left_alone(database):
    async with database.transaction() as tx:
        await service.ensure_rings(tx)
        await tx.execute(sa.delete(Zone).where(Zone.id == "third-ring"))
        await service.ensure_rings(tx)
    async with database.reading() as tx:
        assert [zone.id for zone in await service.list_zones(tx)] == ["garden-ring"]
        zone_map = await service.read_map(tx)
    assert zone_map.find_zone(55.7539, 37.6208) == "garden-ring"
    assert zone_map.find_zone(55.7887, 37.6036) is None
