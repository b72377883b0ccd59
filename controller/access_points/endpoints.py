"""HTTP routes of the access points' inventory."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, status

from controller.access_points import import_service, service
from controller.access_points.import_service import Format
from controller.access_points.schemas import (
    ApChangesIn,
    ApDetailsOut,
    ApIn,
    ApOut,
    ImportOut,
)
from controller.access_points.types import (
    ApChanges,
    ApDetails,
    ApFilter,
    ApState,
    ConfigStatus,
    NewAccessPoint,
)
from controller.core.errors import InvalidInputError
from controller.core.mac import parse_mac
from controller.core.paging import After, Limit, Page
from controller.operators.context import DryRun, Engineer, Viewer

IMPORT_MAX_BYTES = 32 * 1024 * 1024

router = APIRouter(prefix="/access-points", tags=["access points"])


def _filter(
    *,
    zone: Annotated[str | None, Query(description="Zone id; `none` for APs outside every zone.")] = None,
    district: str | None = None,
    site: str | None = None,
    state: ApState | None = None,
    connected: bool | None = None,
    config: ConfigStatus | None = None,
    text: Annotated[str | None, Query(max_length=200, description="Part of the name or serial.")] = None,
) -> ApFilter:
    return ApFilter(zone, district, site, state, connected, config, text)


@router.get("")
async def list_aps(
    ctx: Viewer, wanted: Annotated[ApFilter, Depends(_filter)], limit: Limit = 100, after: After = None
) -> Page[ApOut]:
    """List APs by name."""
    async with ctx.db.reading() as tx:
        aps, total = await service.list_aps(tx, wanted, limit=limit, after=after)
    return Page(
        items=[ApOut.model_validate(ap) for ap in aps],
        next=aps[-1].serial if len(aps) == limit else None,
        total=total,
    )


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_ap(ctx: Engineer, body: ApIn, dry_run: DryRun = False) -> ApOut:
    """Take an AP into the inventory."""
    mac = parse_mac(body.mac or body.serial)
    serial = parse_mac(body.serial).replace(":", "")
    new = NewAccessPoint(
        serial=serial,
        name=body.name or serial,
        mac=mac,
        model=body.model,
        site_id=body.site_id,
        latitude=body.latitude,
        longitude=body.longitude,
        state=body.state,
    )
    async with ctx.changing(dry_run=dry_run) as tx:
        return ApOut.model_validate(await service.create(tx, new, actor=ctx.actor, now=ctx.now))


@router.post(
    "/import", openapi_extra={"requestBody": {"content": {"text/csv": {}, "application/geo+json": {}}}}
)
async def import_aps(
    ctx: Engineer, request: Request, kind: Annotated[Format, Query(alias="format")], dry_run: DryRun = False
) -> ImportOut:
    """Import APs from a file, all or nothing; `problems` in the answer tells every bad row."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > IMPORT_MAX_BYTES:
            raise InvalidInputError(f"the file is larger than {IMPORT_MAX_BYTES} bytes", hint="split it")
    async with ctx.db.reading() as tx:
        surroundings = await import_service.read_surroundings(tx)
    checked = await asyncio.to_thread(import_service.check_file, bytes(content), kind, surroundings)
    async with ctx.changing(dry_run=dry_run) as tx:
        await import_service.store(tx, checked, actor=ctx.actor, now=ctx.now)
    return ImportOut(
        imported=len(checked.placed),
        outside=checked.outside,
        dry_run=dry_run,
        serials=list(checked.serials),
    )


@router.get("/{reference}")
async def show_ap(ctx: Viewer, reference: str) -> ApDetailsOut:
    """Show an AP, by serial or exact name."""
    async with ctx.db.reading() as tx:
        return _details_out(await service.get_details(tx, reference))


@router.patch("/{reference}")
async def change_ap(ctx: Engineer, reference: str, body: ApChangesIn, dry_run: DryRun = False) -> ApOut:
    """Change an AP's record."""
    async with ctx.changing(dry_run=dry_run) as tx:
        ap = await service.change(tx, reference, ApChanges(**body.model_dump()), actor=ctx.actor, now=ctx.now)
    return ApOut.model_validate(ap)


@router.post("/{reference}/adopt")
async def adopt_ap(ctx: Engineer, reference: str, dry_run: DryRun = False) -> ApOut:
    """Let a planned or retired AP connect."""
    async with ctx.changing(dry_run=dry_run) as tx:
        return ApOut.model_validate(await service.adopt(tx, reference, actor=ctx.actor, now=ctx.now))


@router.post("/{reference}/retire")
async def retire_ap(ctx: Engineer, reference: str, dry_run: DryRun = False) -> ApOut:
    """Refuse an AP from now on."""
    async with ctx.changing(dry_run=dry_run) as tx:
        return ApOut.model_validate(await service.retire(tx, reference, actor=ctx.actor, now=ctx.now))


def _details_out(details: ApDetails) -> ApDetailsOut:
    rest = {name: value for name, value in asdict(details).items() if name != "ap"}
    return ApDetailsOut.model_validate(asdict(details.ap) | rest)
