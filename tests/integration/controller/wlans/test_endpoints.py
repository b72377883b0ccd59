"""WLANs over HTTP, on both databases: rules, events and audit in one transaction."""

import json

import sqlalchemy as sa

from controller.core.outbox import OutboxRow
from tests.factories.inventory import add_wlan

NEW = {"id": "city", "ssid": "Москва_Бесплатно"}


async def changed(api) -> list[str]:
    async with api.runtime.db.reading() as tx:
        query = sa.select(OutboxRow.payload).where(OutboxRow.topic == "wlan.changed").order_by(OutboxRow.id)
        return [json.loads(row)["wlan_id"] for row in await tx.scalars(query)]


async def test_create_with_defaults(api):
    row = await api.call("POST", "/wlans", 201, json=NEW)
    assert row == NEW | {
        "security": "open", "bands": ["2.4", "5"], "vlan": None, "isolate": True, "enabled": True,
        "all_sites": True, "sites": [],
    }  # fmt: skip
    assert await api.call("GET", "/wlans/city") == row
    assert await changed(api) == ["city"]
    assert (await api.call("GET", "/audit"))["items"][0]["detail"]["ssid"] == ["", NEW["ssid"]]


async def test_a_rename_writes_its_event_and_audit_entry(api):
    await add_wlan(api.runtime.db)
    await api.call("PATCH", "/wlans/city?dry_run=true", json={"ssid": NEW["ssid"]})
    assert await changed(api) == []
    await api.call("PATCH", "/wlans/city", json={"ssid": NEW["ssid"]})
    await api.call("PATCH", "/wlans/city", json={"ssid": NEW["ssid"]})
    assert await changed(api) == ["city"]
    [entry] = (await api.call("GET", "/audit?object_type=wlan"))["items"]
    assert (entry["operator"], entry["action"]) == ("local", "changed")
    assert entry["detail"] == {"ssid": ["City_WiFi", NEW["ssid"]]}


async def test_an_ssid_is_limited_by_bytes(api):
    await add_wlan(api.runtime.db)
    problem = await api.call("PATCH", "/wlans/city", 422, json={"ssid": "Б" * 17})
    assert "34 bytes" in problem["message"]
    assert problem["data"]["bytes"] == 34
    await api.call("PATCH", "/wlans/city", json={"ssid": "Б" * 16})


async def test_scope_of_sites(api):
    await api.call("POST", "/wlans", 201, json=NEW | {"sites": ["arbat-2", "arbat-1"]})
    assert (await api.call("GET", "/wlans"))["items"][0]["sites"] == ["arbat-1", "arbat-2"]
    problem = await api.call("PATCH", "/wlans/city", 422, json={"sites": ["nowhere"]})
    assert problem["data"]["sites"] == ["nowhere"]
    await api.call("PATCH", "/wlans/city", json={"sites": ["arbat-2"], "vlan": 30})
    row = await api.call("PATCH", "/wlans/city", json={"enabled": False})
    assert (row["all_sites"], row["sites"], row["vlan"]) == (False, ["arbat-2"], 30)
    row = await api.call("PATCH", "/wlans/city", json={"sites": [], "vlan": 0})
    assert (row["all_sites"], row["sites"], row["vlan"]) == (True, [], None)


async def test_the_same_ssid_twice_in_one_place(api):
    await add_wlan(api.runtime.db, "a", "Same")
    clash = {"id": "b", "ssid": "Same"}
    assert (await api.call("POST", "/wlans", 409, json=clash))["data"]["wlan"] == "a"
    await api.call("POST", "/wlans", 201, json=clash | {"bands": ["6"], "security": "owe"})
    assert (await api.call("POST", "/wlans", 409, json=NEW | {"id": "a"}))["code"] == "conflict"


async def test_remove(api):
    await api.call("POST", "/wlans", 201, json=NEW | {"sites": ["arbat-1"]})
    assert (await api.call("DELETE", "/wlans/city"))["ssid"] == NEW["ssid"]
    await api.call("GET", "/wlans/city", 404)
    assert await changed(api) == ["city", "city"]
    await api.call("DELETE", "/wlans/city", 404)
