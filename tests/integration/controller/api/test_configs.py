"""What provisioning would change, over HTTP, on both databases."""

from controller.provisioning import service
from tests.factories.inventory import NOW, add_ap, add_wlan


async def test_diff_of_an_ap(api):
    await add_wlan(api.runtime.db, "city", "City_WiFi")
    serial = await add_ap(api.runtime.db, 1)
    path = f"/access-points/{serial}/config/diff"
    assert (await api.call("GET", path))["changes"]  # nothing is stored yet: everything is new
    async with api.runtime.db.transaction() as tx:
        await service.refresh(tx, serials=None, now=NOW)
    assert await api.call("GET", path) == {"serial": serial, "changes": []}
    await api.call("PATCH", "/wlans/city", json={"ssid": "Новая сеть"})
    changes = (await api.call("GET", path))["changes"]
    assert {change["kind"] for change in changes} == {"added", "removed"}
    assert "Новая сеть" in str(changes)
    await api.call("GET", "/access-points/nowhere/config/diff", 404)
