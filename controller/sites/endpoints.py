"""HTTP routes of the districts and sites."""

from fastapi import APIRouter, status

from controller.core.paging import After, Limit, Page
from controller.operators.context import DryRun, Engineer, Viewer
from controller.sites import service
from controller.sites.schemas import DistrictIn, DistrictOut, SiteChangesIn, SiteIn, SiteOut
from controller.sites.types import SiteChanges, SiteView

router = APIRouter(tags=["places"])


@router.get("/districts")
async def list_districts(ctx: Viewer) -> Page[DistrictOut]:
    """List districts by name; all on one page."""
    async with ctx.db.reading() as tx:
        districts = await service.list_districts(tx)
    return Page(items=[DistrictOut.model_validate(district) for district in districts], total=len(districts))


@router.post("/districts", status_code=status.HTTP_201_CREATED)
async def create_district(ctx: Engineer, body: DistrictIn, dry_run: DryRun = False) -> DistrictOut:
    """Create a district."""
    async with ctx.changing(dry_run=dry_run) as tx:
        district = await service.create_district(
            tx, district_id=body.id, name=body.name, actor=ctx.actor, now=ctx.now
        )
    return DistrictOut.model_validate(district)


@router.get("/sites")
async def list_sites(
    ctx: Viewer, district: str | None = None, limit: Limit = 100, after: After = None
) -> Page[SiteOut]:
    """List sites by id."""
    async with ctx.db.reading() as tx:
        sites, total = await service.list_sites(tx, district_id=district, limit=limit, after=after)
    return Page(
        items=[SiteOut.model_validate(site) for site in sites],
        next=sites[-1].id if len(sites) == limit else None,
        total=total,
    )


@router.post("/sites", status_code=status.HTTP_201_CREATED)
async def create_site(ctx: Engineer, body: SiteIn, dry_run: DryRun = False) -> SiteOut:
    """Create a site."""
    async with ctx.changing(dry_run=dry_run) as tx:
        site = await service.create(tx, SiteView(**body.model_dump()), actor=ctx.actor, now=ctx.now)
    return SiteOut.model_validate(site)


@router.get("/sites/{site_id}")
async def show_site(ctx: Viewer, site_id: str) -> SiteOut:
    """Show a site."""
    async with ctx.db.reading() as tx:
        return SiteOut.model_validate(await service.get(tx, site_id))


@router.patch("/sites/{site_id}")
async def change_site(ctx: Engineer, site_id: str, body: SiteChangesIn, dry_run: DryRun = False) -> SiteOut:
    """Change a site."""
    async with ctx.changing(dry_run=dry_run) as tx:
        site = await service.change(
            tx, site_id, SiteChanges(**body.model_dump()), actor=ctx.actor, now=ctx.now
        )
    return SiteOut.model_validate(site)
