"""A city goes into both databases at once, and again without a change."""

import time
from pathlib import Path

import pytest

from controller.city.plan import plan_city
from controller.city.seeding.service import seed_city
from controller.city.seeding.types import CityBasics
from controller.core.db import Database
from controller.core.secrets import SecretStore
from controller.operators import service as operators
from controller.operators.local_token import read_or_make_token
from controller.provisioning import service as provisioning
from controller.sites import service as sites
from controller.wlans import service as wlans
from controller.zones import service as zones
from tests.fakes.clock import FakeClock


@pytest.fixture
def seed(database: Database, tmp_path: Path, clock: FakeClock):
    secrets = SecretStore(tmp_path / "secrets")

    async def seed(aps: int):
        async with database.transaction() as tx:
            return await seed_city(
                tx,
                plan_city(1, aps),
                basics=CityBasics(),
                secrets=secrets,
                data_dir=tmp_path,
                plan_id="city",
                now=clock.now(),
            )

    return seed


async def test_a_city_of_3000_is_seeded_in_seconds(seed, database: Database, tmp_path, clock) -> None:
    started = time.process_time()
    seeded = await seed(3000)
    assert time.process_time() - started < 15
    assert (seeded.aps, seeded.retired) == (3000, 0)
    async with database.transaction() as tx:
        counted = await sites.list_districts(tx)
        assert sum(district.access_points for district in counted) == 3000
        assert sum(zone.access_points for zone in await zones.list_zones(tx)) == 3000
        assert [wlan.ssid for wlan in await wlans.list_wlans(tx)] == ["Moscow_WiFi_Free"]
        token = read_or_make_token(tmp_path)
        actor = await operators.authenticate(tx, SecretStore(tmp_path / "secrets"), token)
        assert actor.role == "admin"
        # Every model, address and name of the plan renders to a configuration that may be sent.
        few = [ap.serial for ap in plan_city(1, 3000).aps[::60]]
        assert len((await provisioning.refresh(tx, serials=few, now=clock.now())).changed) == len(few)


async def test_seeding_again_changes_nothing_and_a_smaller_city_retires_the_rest(seed, database) -> None:
    first = await seed(60)
    assert await seed(60) == first
    serials = {ap.serial for ap in plan_city(1, 60).aps}
    async with database.reading() as tx:
        assert set(await provisioning.list_serials(tx)) == serials
    assert (await seed(40)).retired == 20
    async with database.reading() as tx:
        assert len(await provisioning.list_serials(tx)) == 40
    assert (await seed(60)).retired == 0
    async with database.reading() as tx:
        assert set(await provisioning.list_serials(tx)) == serials
