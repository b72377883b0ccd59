"""`kolco zone` as a process."""

from tests.factories.inventory import add_ap


async def test_list_and_show(kolco, golden):
    await add_ap(kolco.db, 1)
    golden("zone-list.json", (await kolco("zone", "list", "-o", "json")).json)
    lines = (await kolco("zone", "list")).out.splitlines()
    assert lines[0].split() == ["NAME", "APS", "TITLE"]
    assert lines[1].split()[:2] == ["garden-ring", "1"]
    shown = (await kolco("zone", "show", "third-ring", "-o", "json")).json
    assert shown["polygon"]["type"] == "Polygon"
    await kolco("zone", "show", "mkad", code=3)
