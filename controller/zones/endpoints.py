"""HTTP routes of the zones."""

from fastapi import APIRouter

from controller.core.paging import Page
from controller.operators.context import Viewer
from controller.zones import service
from controller.zones.schemas import ZoneDetailsOut, ZoneOut

router = APIRouter(prefix="/zones", tags=["places"])


@router.get("")
async def list_zones(ctx: Viewer) -> Page[ZoneOut]:
    """List the zones; all on one page."""
    async with ctx.db.reading() as tx:
        zones = await service.list_zones(tx)
    return Page(items=[ZoneOut.model_validate(zone) for zone in zones], total=len(zones))


@router.get("/{zone_id}")
async def show_zone(ctx: Viewer, zone_id: str) -> ZoneDetailsOut:
    """Show a zone and its polygon."""
    async with ctx.db.reading() as tx:
        return ZoneDetailsOut.model_validate(await service.get(tx, zone_id))
