"""Sites in a real database: what the API's schemas let through is still checked."""

import pytest

from controller.core.errors import InvalidInputError, NotFoundError
from controller.operators.types import Actor
from controller.sites import service
from controller.sites.types import SiteChanges, SiteView
from tests.factories.inventory import NOW, add_places

ACTOR = Actor("x", "anna", "engineer")


async def test_fields_are_checked_and_trimmed(database):
    await add_places(database)
    site = SiteView("park", "  Парк\u0438\u0306 ", "arbat", "", 55.7, 37.6)
    async with database.transaction() as tx:
        assert (await service.create(tx, site, actor=ACTOR, now=NOW)).name == "Паркй"
        for wrong in ({"latitude": 91.0}, {"district_id": "nowhere"}, {"name": ""}, {"address": "x" * 301}):
            with pytest.raises(InvalidInputError):
                await service.change(tx, "park", SiteChanges(**wrong), actor=ACTOR, now=NOW)
        with pytest.raises(NotFoundError):
            await service.change(tx, "nowhere", SiteChanges(), actor=ACTOR, now=NOW)
        assert await service.find_ids(tx, ["park", "x"]) == {"park"}
