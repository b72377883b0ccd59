"""SQL of the districts and sites."""

from collections.abc import Collection

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import AccessPoint, ApStatus, District, Site
from controller.sites.types import DistrictView, SiteView

_LIVE = AccessPoint.state != "retired"


async def list_districts(tx: Tx) -> list[DistrictView]:
    """Return every district by name, with the numbers of its sites and APs."""
    sites = sa.select(Site.district_id, sa.func.count().label("number")).group_by(Site.district_id).subquery()
    aps = (
        sa.select(Site.district_id, sa.func.count().label("number"))
        .join(AccessPoint, AccessPoint.site_id == Site.id)
        .where(_LIVE)
        .group_by(Site.district_id)
        .subquery()
    )
    rows = await tx.execute(
        sa.select(District, sa.func.coalesce(sites.c.number, 0), sa.func.coalesce(aps.c.number, 0))
        .outerjoin(sites, sites.c.district_id == District.id)
        .outerjoin(aps, aps.c.district_id == District.id)
        .order_by(District.name, District.id)
    )
    return [DistrictView(district.id, district.name, number, aps_) for district, number, aps_ in rows]


async def has_district(tx: Tx, district_id: str) -> bool:
    """Tell whether there is such a district."""
    return await tx.get(District, district_id) is not None


async def add_district(tx: Tx, district: DistrictView) -> None:
    """Store a new district."""
    tx.add(District(id=district.id, name=district.name))
    await tx.flush()


async def find_page(
    tx: Tx, *, district_id: str | None, limit: int, after: str | None
) -> tuple[list[SiteView], int]:
    """Return up to `limit` sites by id, past the site `after`; and how many match in all."""
    query = _sites()
    count = sa.select(sa.func.count()).select_from(Site)
    if district_id is not None:
        query = query.where(Site.district_id == district_id)
        count = count.where(Site.district_id == district_id)
    total = await tx.scalar(count)
    if after is not None:
        query = query.where(Site.id > after)
    rows = await tx.execute(query.order_by(Site.id).limit(limit))
    return [_view(*row) for row in rows], total or 0


async def find(tx: Tx, site_id: str) -> SiteView | None:
    """Find a site."""
    row = (await tx.execute(_sites().where(Site.id == site_id))).first()
    return None if row is None else _view(*row)


async def find_ids(tx: Tx, site_ids: Collection[str] | None = None) -> set[str]:
    """Return which of these sites there are; None asks for all."""
    query = sa.select(Site.id)
    if site_ids is not None:
        query = query.where(Site.id.in_(list(site_ids)))
    return set(await tx.scalars(query))


async def save(tx: Tx, site: SiteView) -> None:
    """Store a new site or the new fields of one."""
    await tx.merge(
        Site(
            id=site.id,
            name=site.name,
            district_id=site.district_id,
            address=site.address,
            latitude=site.latitude,
            longitude=site.longitude,
        )
    )
    await tx.flush()


def _sites() -> sa.Select[Site, int, int]:
    counts = (
        sa.select(
            AccessPoint.site_id,
            sa.func.count().label("number"),
            sa.func.count().filter(ApStatus.connected).label("connected"),
        )
        .outerjoin(ApStatus, ApStatus.serial == AccessPoint.serial)
        .where(_LIVE)
        .group_by(AccessPoint.site_id)
        .subquery()
    )
    return sa.select(
        Site, sa.func.coalesce(counts.c.number, 0), sa.func.coalesce(counts.c.connected, 0)
    ).outerjoin(counts, counts.c.site_id == Site.id)


def _view(site: Site, number: int, connected: int) -> SiteView:
    return SiteView(
        id=site.id,
        name=site.name,
        district_id=site.district_id,
        address=site.address,
        latitude=site.latitude,
        longitude=site.longitude,
        access_points=number,
        connected=connected,
    )
