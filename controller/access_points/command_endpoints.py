"""HTTP routes that have an AP do something now, and that tell of its configuration."""

from fastapi import APIRouter, status

from controller.access_points import service
from controller.access_points.schemas import ApConfigOut, ApOut, ConfigCountsOut, LocateIn, RequestIn
from controller.operators.context import DryRun, Engineer, Viewer

router = APIRouter(tags=["access points"])


@router.post("/access-points/{reference}/reboot", status_code=status.HTTP_202_ACCEPTED)
async def reboot_ap(ctx: Engineer, reference: str, dry_run: DryRun = False) -> ApOut:
    """Have a connected AP restart."""
    async with ctx.changing(dry_run=dry_run) as tx:
        return ApOut.model_validate(await service.reboot(tx, reference, actor=ctx.actor, now=ctx.now))


@router.post("/access-points/{reference}/locate", status_code=status.HTTP_202_ACCEPTED)
async def locate_ap(
    ctx: Engineer, reference: str, body: LocateIn | None = None, dry_run: DryRun = False
) -> ApOut:
    """Have a connected AP blink."""
    duration_s = (body or LocateIn()).duration_s
    async with ctx.changing(dry_run=dry_run) as tx:
        ap = await service.locate(tx, reference, duration_s=duration_s, actor=ctx.actor, now=ctx.now)
    return ApOut.model_validate(ap)


@router.post("/access-points/{reference}/request", status_code=status.HTTP_202_ACCEPTED)
async def request_message(
    ctx: Engineer, reference: str, body: RequestIn | None = None, dry_run: DryRun = False
) -> ApOut:
    """Have a connected AP send a message now."""
    message = (body or RequestIn()).message
    async with ctx.changing(dry_run=dry_run) as tx:
        ap = await service.request(tx, reference, message, actor=ctx.actor, now=ctx.now)
    return ApOut.model_validate(ap)


@router.get("/access-points/{reference}/config")
async def show_config(ctx: Viewer, reference: str) -> ApConfigOut:
    """Show what an AP should run and how far it is."""
    async with ctx.db.reading() as tx:
        return ApConfigOut.model_validate(await service.get_config(tx, reference))


@router.get("/config/status")
async def count_configs(ctx: Viewer) -> ConfigCountsOut:
    """Count adopted APs by how far their configuration is."""
    async with ctx.db.reading() as tx:
        return ConfigCountsOut.model_validate(await service.count_configs(tx))
