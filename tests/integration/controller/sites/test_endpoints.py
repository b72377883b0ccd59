"""Districts and sites over HTTP, on both databases."""

from tests.factories.inventory import add_ap

SITE = {
    "id": "gorky-park",
    "name": "Парк Горького",
    "district_id": "arbat",
    "latitude": 55.73,
    "longitude": 37.6,
}


async def test_counts_of_aps(api):
    await add_ap(api.runtime.db, 1, connected=True)
    await add_ap(api.runtime.db, 2, connected=False)
    await add_ap(api.runtime.db, 3, state="retired", connected=True)
    rows = (await api.call("GET", "/sites"))["items"]
    assert [(row["id"], row["access_points"], row["connected"]) for row in rows] == [
        ("arbat-1", 2, 1),
        ("arbat-2", 0, 0),
    ]
    [district] = (await api.call("GET", "/districts"))["items"]
    assert (district["sites"], district["access_points"]) == (2, 2)


async def test_create_change_and_page(api):
    await api.call("POST", "/sites?dry_run=true", 201, json=SITE)
    row = await api.call("POST", "/sites", 201, json=SITE)
    assert row["address"] == ""
    await api.call("POST", "/sites", 409, json=SITE)
    await api.call("POST", "/sites", 422, json=SITE | {"id": "Bad Id"})
    await api.call("POST", "/sites", 422, json=SITE | {"id": "x", "district_id": "nowhere"})
    await api.call("POST", "/sites", 422, json=SITE | {"id": "x", "latitude": 91})
    row = await api.call("PATCH", "/sites/gorky-park", json={"address": "Крымский Вал, 9"})
    assert (row["address"], row["name"]) == ("Крымский Вал, 9", SITE["name"])
    await api.call("PATCH", "/sites/gorky-park", json={"address": "Крымский Вал, 9"})
    first = await api.call("GET", "/sites?limit=2")
    rest = await api.call("GET", f"/sites?limit=2&after={first['next']}")
    assert [s["id"] for s in first["items"] + rest["items"]] == ["arbat-1", "arbat-2", "gorky-park"]
    assert (first["total"], rest["next"]) == (3, None)
    assert [e["action"] for e in (await api.call("GET", "/audit"))["items"]] == ["changed", "created"]


async def test_create_district(api):
    await api.call("POST", "/districts", 201, json={"id": "presnya", "name": "Пресня"})
    await api.call("POST", "/districts", 409, json={"id": "presnya", "name": "Пресня"})
    await api.call("POST", "/districts", 422, json={"id": "presnya2", "name": " "})
    rows = (await api.call("GET", "/districts"))["items"]
    assert [(row["id"], row["sites"]) for row in rows] == [("arbat", 2), ("presnya", 0)]
