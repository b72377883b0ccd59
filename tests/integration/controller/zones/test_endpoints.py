"""Zones over HTTP, on both databases."""

from tests.factories.inventory import add_ap


async def test_zones_and_their_aps(api):
    await add_ap(api.runtime.db, 1)
    await add_ap(api.runtime.db, 2, place=(55.785, 37.58))
    rows = (await api.call("GET", "/zones"))["items"]
    assert [(row["id"], row["access_points"]) for row in rows] == [("garden-ring", 1), ("third-ring", 1)]
    assert "polygon" not in rows[0]
    zone = await api.call("GET", "/zones/third-ring")
    assert zone["polygon"]["type"] == "Polygon"
    await api.call("GET", "/zones/mkad", 404)
