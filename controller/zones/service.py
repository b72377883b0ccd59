"""The zones of the city. Does not place APs; it hands out the map they are placed with."""

from controller.core.db import Tx
from controller.core.errors import NotFoundError
from controller.zones import repository
from controller.zones.geometry import ZoneMap
from controller.zones.rings import read_rings
from controller.zones.types import ZoneView


async def list_zones(tx: Tx) -> list[ZoneView]:
    """Return every zone, by id."""
    return await repository.list_all(tx)


async def get(tx: Tx, zone_id: str) -> ZoneView:
    """Return a zone or raise NotFoundError."""
    for zone in await repository.list_all(tx):
        if zone.id == zone_id:
            return zone
    raise NotFoundError(f"there is no zone {zone_id}", hint="kolco zone list")


async def read_map(tx: Tx) -> ZoneMap:
    """Return the zones prepared for look-ups."""
    return ZoneMap((zone.id, zone.polygon) for zone in await repository.list_all(tx))


async def ensure_rings(tx: Tx) -> None:
    """Store the two rings in a database that has no zones yet."""
    if not await repository.list_all(tx):
        await repository.add_all(tx, read_rings())
