import json

import pytest
import sqlalchemy as sa

from controller.models import AccessPoint, ApConfig, Wlan, WlanSite
from controller.provisioning import service
from controller.provisioning.types import Outcome
from tests.factories.access_points import add_access_points, add_site, add_wlan

READY, PLANNED, RETIRED = "0a1b2c000000", "0a1b2c000001", "0a1b2c000002"


@pytest.fixture
async def inventory(database):
    async with database.transaction() as tx:
        await add_site(tx)
        await add_access_points(tx, "adopted", "planned", "retired")
        await add_wlan(tx)


@pytest.fixture
def refresh(database, inventory, clock):
    async def render(serials=None):
        async with database.transaction() as tx:
            return await service.refresh(tx, serials=serials, now=clock.now())

    return render


async def row_of(database, serial=READY) -> ApConfig | None:
    async with database.reading() as tx:
        return await tx.get(ApConfig, serial)


async def change(database, **values) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.update(Wlan).values(**values))


async def test_all_but_the_retired_get_one(database, refresh, clock):
    result = await refresh()
    assert result.changed == (READY, PLANNED)
    assert result.refused == {}
    row = await row_of(database)
    assert row.status == "pending"
    assert row.desired_uuid == int(clock.now().timestamp())
    assert json.loads(row.desired)["uuid"] == row.desired_uuid
    assert await row_of(database, RETIRED) is None
    async with database.reading() as tx:
        assert await service.list_serials(tx) == [READY, PLANNED]


async def test_the_uuid_changes_only_with_the_content(database, refresh, clock):
    await refresh()
    first = await row_of(database)
    clock.advance(60)
    assert (await refresh()).unchanged == 2
    assert (await row_of(database)).desired_uuid == first.desired_uuid
    await change(database, ssid="Москва_Бесплатно")
    assert (await refresh([READY])).changed == (READY,)
    second = await row_of(database)
    assert second.desired_uuid == int(clock.now().timestamp())
    assert "Москва_Бесплатно" in second.desired
    assert "Москва_Бесплатно" not in (await row_of(database, PLANNED)).desired


async def test_two_changes_in_one_second_and_a_clock_set_back(database, refresh, clock):
    await refresh()
    first = (await row_of(database)).desired_uuid
    await change(database, ssid="B")
    await refresh()
    clock.advance(-3600)
    await change(database, ssid="A")
    await refresh()
    assert (await row_of(database)).desired_uuid == first + 2


async def test_going_back_to_old_content_takes_a_new_uuid(database, refresh):
    await refresh()
    before = await row_of(database)
    await change(database, ssid="Other")
    await refresh()
    await change(database, ssid="City")
    await refresh()
    after = await row_of(database)
    assert after.desired_digest == before.desired_digest
    assert after.desired_uuid > before.desired_uuid


async def test_a_wlan_of_another_site_touches_nobody(database, refresh):
    await refresh()
    async with database.transaction() as tx:
        await add_wlan(tx, "elsewhere", ssid="Else", all_sites=False)
    assert (await refresh()).changed == ()
    async with database.transaction() as tx:
        tx.add(WlanSite(wlan_id="elsewhere", site_id="park"))
    assert (await refresh()).changed == (READY, PLANNED)


async def test_a_refused_configuration_is_not_sent_and_says_why(database, refresh):
    await refresh()
    await change(database, vlan=4094)
    result = await refresh()
    assert result.changed == ()
    assert result.refused[READY][0].path == "interfaces[1].vlan.id"
    row = await row_of(database)
    assert row.status == "failed"
    assert "interfaces[1].vlan.id: 4094" in row.error
    async with database.reading() as tx:
        assert await service.list_desired(tx, [READY]) == []
        assert await service.list_desired_uuids(tx) == {}
    await change(database, vlan=None)
    assert (await refresh()).changed == (READY, PLANNED)
    mended = await row_of(database)
    assert (mended.status, mended.error) == ("pending", "")
    assert mended.desired_uuid > row.desired_uuid


async def test_a_refusal_before_the_first_good_one(database, refresh):
    await change(database, vlan=4094)
    await refresh()
    assert (await row_of(database)).status == "failed"
    await change(database, vlan=None)
    await refresh()
    assert (await row_of(database)).status == "pending"


async def test_the_preview_shows_and_stores_nothing(database, refresh):
    await refresh()
    await change(database, ssid="Новая")
    async with database.reading() as tx:
        changes = await service.preview(tx, serials=[READY])
    assert [change.path for change in changes[READY]] == [
        "interfaces[WAN].ssids[City]",
        "interfaces[WAN].ssids[Новая]",
    ]
    assert "City" in (await row_of(database)).desired
    await refresh()
    async with database.reading() as tx:
        assert await service.preview(tx, serials=None) == {}


async def test_answers_are_stored_unless_they_are_to_an_older_version(database, refresh, clock):
    await refresh()
    uuid = (await row_of(database)).desired_uuid
    async with database.transaction() as tx:
        await service.mark_sent(tx, [(READY, uuid), (PLANNED, uuid - 1)], clock.now())
    assert (await row_of(database)).status == "sent"
    assert (await row_of(database, PLANNED)).status == "pending"
    async with database.transaction() as tx:
        await service.reset_sent(tx)
    assert (await row_of(database)).status == "pending"
    async with database.transaction() as tx:
        outcomes = [
            Outcome(READY, uuid, "rejected", ("radios",), "Rejects"),
            Outcome(PLANNED, uuid - 1, "acknowledged"),
        ]
        await service.record(tx, outcomes, clock.now())
    row = await row_of(database)
    assert (row.status, row.rejected, row.error, row.acknowledged_uuid) == (
        "rejected",
        ["radios"],
        "Rejects",
        uuid,
    )
    assert (await row_of(database, PLANNED)).status == "pending"
    async with database.transaction() as tx:
        await service.record(tx, [Outcome(PLANNED, uuid, "failed", (), "timeout")], clock.now())
        await service.record(tx, [], clock.now())
        await service.mark_sent(tx, [], clock.now())
    row = await row_of(database, PLANNED)
    assert (row.status, row.error, row.acknowledged_at) == ("failed", "timeout", None)


async def test_raising_above_what_the_access_point_holds(database, refresh, clock):
    await refresh()
    uuid = (await row_of(database)).desired_uuid
    async with database.transaction() as tx:
        raised = await service.raise_above(tx, {READY: uuid + 500, PLANNED: uuid}, clock.now())
    assert [(item.serial, item.uuid) for item in raised] == [(READY, uuid + 501)]
    row = await row_of(database)
    assert row.desired_uuid == uuid + 501 == json.loads(row.desired)["uuid"]


async def test_an_access_point_that_leaves_takes_its_configuration_along(database, refresh):
    await refresh()
    async with database.transaction() as tx:
        await tx.execute(sa.delete(AccessPoint).where(AccessPoint.serial == READY))
    assert await row_of(database) is None
    assert (await refresh([READY])).changed == ()
