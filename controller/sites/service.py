"""Districts and sites. Does not place APs: an AP carries its own coordinates."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from controller.audit import service as audit
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.operators.types import Actor
from controller.sites import repository
from controller.sites.rules import check_name, check_place, check_slug, check_text
from controller.sites.types import DistrictView, SiteChanges, SiteView

_ADDRESS_MAX = 300
_CHANGEABLE = ("name", "district_id", "address", "latitude", "longitude")


async def list_districts(tx: Tx) -> list[DistrictView]:
    """Return every district, by name."""
    return await repository.list_districts(tx)


async def create_district(
    tx: Tx, *, district_id: str, name: str, actor: Actor, now: datetime
) -> DistrictView:
    """Store a new district; ConflictError when there is one of that id."""
    district = DistrictView(check_slug(district_id, "district"), check_name(name, "the name"))
    if await repository.has_district(tx, district.id):
        raise ConflictError(f"there is a district {district.id} already")
    await repository.add_district(tx, district)
    audit.record(
        tx,
        operator=actor.name,
        action="created",
        object_type="district",
        object_id=district.id,
        now=now,
        name=district.name,
    )
    return district


async def list_sites(
    tx: Tx, *, district_id: str | None = None, limit: int = 100, after: str | None = None
) -> tuple[list[SiteView], int]:
    """Return up to `limit` sites by id and how many there are on all pages."""
    return await repository.find_page(tx, district_id=district_id, limit=limit, after=after)


async def get(tx: Tx, site_id: str) -> SiteView:
    """Return a site or raise NotFoundError."""
    site = await repository.find(tx, site_id)
    if site is None:
        raise NotFoundError(f"there is no site {site_id}", hint="kolco site list")
    return site


async def find_ids(tx: Tx, site_ids: Collection[str] | None = None) -> set[str]:
    """Return which of these sites there are; None asks for all."""
    return await repository.find_ids(tx, site_ids)


async def create(tx: Tx, site: SiteView, *, actor: Actor, now: datetime) -> SiteView:
    """Store a new site.

    Raises:
        InvalidInputError: a field is wrong, or there is no such district.
        ConflictError: there is a site of that id.
    """
    site = await _check(tx, replace(site, id=check_slug(site.id, "site")))
    if await repository.find(tx, site.id) is not None:
        raise ConflictError(f"there is a site {site.id} already")
    await repository.save(tx, site)
    audit.record(
        tx,
        operator=actor.name,
        action="created",
        object_type="site",
        object_id=site.id,
        now=now,
        **{field: getattr(site, field) for field in _CHANGEABLE},
    )
    return site


async def change(tx: Tx, site_id: str, changes: SiteChanges, *, actor: Actor, now: datetime) -> SiteView:
    """Change a site; no difference writes nothing. Raises as `create` and NotFoundError."""
    before = await get(tx, site_id)
    given = {field: getattr(changes, field) for field in _CHANGEABLE}
    after = await _check(tx, replace(before, **{k: v for k, v in given.items() if v is not None}))
    changed = {
        field: [getattr(before, field), getattr(after, field)]
        for field in _CHANGEABLE
        if getattr(before, field) != getattr(after, field)
    }
    if changed:
        await repository.save(tx, after)
        audit.record(
            tx,
            operator=actor.name,
            action="changed",
            object_type="site",
            object_id=site_id,
            now=now,
            **changed,
        )
    return after


async def _check(tx: Tx, site: SiteView) -> SiteView:
    check_place(site.latitude, site.longitude)
    if not await repository.has_district(tx, site.district_id):
        raise InvalidInputError(
            f"there is no district {site.district_id}", hint="kolco site districts lists them"
        )
    return replace(
        site,
        name=check_name(site.name, "the name"),
        address=check_text(site.address, "the address", _ADDRESS_MAX),
    )
