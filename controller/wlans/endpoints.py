"""HTTP routes of the WLANs."""

from fastapi import APIRouter, status

from controller.core.paging import Page
from controller.operators.context import DryRun, Engineer, Viewer
from controller.wlans import service
from controller.wlans.schemas import WlanChangesIn, WlanIn, WlanOut
from controller.wlans.types import WlanChanges, WlanView

router = APIRouter(prefix="/wlans", tags=["wlans"])


@router.get("")
async def list_wlans(ctx: Viewer) -> Page[WlanOut]:
    """List WLANs by id; all on one page."""
    async with ctx.db.reading() as tx:
        wlans = await service.list_wlans(tx)
    return Page(items=[WlanOut.model_validate(wlan) for wlan in wlans], total=len(wlans))


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_wlan(ctx: Engineer, body: WlanIn, dry_run: DryRun = False) -> WlanOut:
    """Put a new WLAN on the air."""
    wlan = WlanView(
        id=body.id,
        ssid=body.ssid,
        security=body.security,
        bands=tuple(body.bands),
        vlan=body.vlan,
        isolate=body.isolate,
        enabled=body.enabled,
        all_sites=not body.sites,
        sites=tuple(body.sites),
    )
    async with ctx.changing(dry_run=dry_run) as tx:
        return WlanOut.model_validate(await service.create(tx, wlan, actor=ctx.actor, now=ctx.now))


@router.get("/{wlan_id}")
async def show_wlan(ctx: Viewer, wlan_id: str) -> WlanOut:
    """Show a WLAN."""
    async with ctx.db.reading() as tx:
        return WlanOut.model_validate(await service.get(tx, wlan_id))


@router.patch("/{wlan_id}")
async def change_wlan(ctx: Engineer, wlan_id: str, body: WlanChangesIn, dry_run: DryRun = False) -> WlanOut:
    """Change a WLAN; the configuration of every AP that carries it follows."""
    changes = WlanChanges(
        ssid=body.ssid,
        security=body.security,
        bands=None if body.bands is None else tuple(body.bands),
        vlan=body.vlan,
        isolate=body.isolate,
        enabled=body.enabled,
        sites=None if body.sites is None else tuple(body.sites),
    )
    async with ctx.changing(dry_run=dry_run) as tx:
        return WlanOut.model_validate(
            await service.change(tx, wlan_id, changes, actor=ctx.actor, now=ctx.now)
        )


@router.delete("/{wlan_id}")
async def remove_wlan(ctx: Engineer, wlan_id: str, dry_run: DryRun = False) -> WlanOut:
    """Take a WLAN off the air for good; answers what it was."""
    async with ctx.changing(dry_run=dry_run) as tx:
        return WlanOut.model_validate(await service.remove(tx, wlan_id, actor=ctx.actor, now=ctx.now))
