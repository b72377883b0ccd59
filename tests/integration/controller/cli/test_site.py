"""`kolco site` as a process."""


async def test_districts_and_sites(kolco, golden):
    await kolco("site", "create-district", "presnya", "--name", "Пресня")
    place = ("--district", "presnya", "--latitude", "55.76", "--longitude", "37.57")
    dry = await kolco("site", "create", "zoo", "--name", "Зоопарк", *place, "--dry-run")
    assert dry.out == "site/zoo created (dry run)\n"
    await kolco("site", "create", "zoo", "--name", "Зоопарк", *place, "--address", "Большая Грузинская, 1")
    await kolco("site", "set", "zoo", "--name", "Московский зоопарк")
    golden("site-list.json", (await kolco("site", "list", "-o", "json")).json)
    assert "Московский зоопарк" in (await kolco("site", "show", "zoo")).out
    assert (await kolco("site", "list", "--district", "presnya", "-o", "name")).out == "site/zoo\n"
    lines = (await kolco("site", "districts")).out.splitlines()
    assert lines[0].split() == ["NAME", "SITES", "APS", "TITLE"]
    assert len(lines) == 3


async def test_what_is_refused(kolco):
    await kolco("site", "show", "nowhere", code=3)
    await kolco("site", "create-district", "arbat", "--name", "Арбат", code=1)
    place = ("--district", "arbat", "--latitude", "155", "--longitude", "37.57")
    done = await kolco("site", "create", "zoo", "--name", "Zoo", *place, code=1)
    assert "latitude" in done.err
