"""`kolco config` as a process."""

import pytest

from controller.provisioning import service
from tests.factories.inventory import NOW, add_ap, add_config, add_wlan, serial_of


@pytest.fixture
async def fleet(kolco):
    for number, status in enumerate(("acknowledged", "rejected", "pending"), 1):
        await add_ap(kolco.db, number, connected=True)
        await add_config(kolco.db, serial_of(number), status)
    await add_ap(kolco.db, 4)


async def test_status(kolco, fleet, golden):
    golden("config-status.json", (await kolco("config", "status", "-o", "json")).json)
    assert "acknowledged  1" in (await kolco("config", "status")).out
    await kolco("config", "status", "--exit-code", code=1)


async def test_show(kolco, fleet):
    done = await kolco("config", "show", serial_of(1))
    assert done.json == {"uuid": 8}
    assert "status: acknowledged, uuid 8, running 7" in done.err
    await kolco("config", "show", serial_of(4), code=3)


async def test_diff_tells_what_the_wlans_ask_for_now(kolco):
    await add_wlan(kolco.db, "city", "City_WiFi")
    serial = await add_ap(kolco.db, 1, connected=True)
    async with kolco.db.transaction() as tx:
        await service.refresh(tx, serials=None, now=NOW)
    same = await kolco("config", "diff", serial)
    assert "is what its WLANs and site ask for" in same.err
    await kolco("wlan", "set", "city", "--ssid", "Москва_Бесплатно")
    changed = await kolco("config", "diff", serial)
    assert "Москва_Бесплатно" in changed.out
    changes = (await kolco("config", "diff", serial, "-o", "json")).json["changes"]
    assert {change["kind"] for change in changes} <= {"added", "removed", "changed"}
    assert changes
