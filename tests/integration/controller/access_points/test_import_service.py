"""Imports into a real database: all or nothing, whatever is wrong with the file."""

import pytest
import sqlalchemy as sa

from controller.access_points.import_service import ImportRejectedError, check_file, read_surroundings, store
from controller.core.errors import ConflictError
from controller.core.outbox import OutboxRow
from controller.models import AccessPoint
from controller.operators.types import Actor
from tests.factories.inventory import NOW, add_ap, add_places, serial_of

ACTOR = Actor("x", "anna", "engineer")
TITLES = "serial,name,site,latitude,longitude"


async def check(database, text: str, kind="csv"):
    async with database.reading() as tx:
        surroundings = await read_surroundings(tx)
    return check_file(text.encode(), kind, surroundings)


async def run(database, text: str, kind="csv"):
    checked = await check(database, text, kind)
    async with database.transaction() as tx:
        await store(tx, checked, actor=ACTOR, now=NOW)
    return checked


async def stored(database) -> list[AccessPoint]:
    async with database.reading() as tx:
        return list(await tx.scalars(sa.select(AccessPoint).order_by(AccessPoint.serial)))


async def test_a_good_file_goes_in_with_zones_and_events(database):
    await add_places(database)
    rows = [f"{serial_of(n)},Точка {n},arbat-1,55.752,37.592" for n in range(1, 201)]
    rows[9] = f"{serial_of(10)},Далеко,arbat-2,55.794,37.678"
    result = await run(database, "\n".join([TITLES, *rows]))
    assert (len(result.serials), result.outside) == (200, 1)
    aps = await stored(database)
    assert {ap.zone_id for ap in aps} == {"garden-ring", None}
    assert (aps[9].name, aps[9].zone_id, aps[0].mac) == ("Далеко", None, "02:c0:de:00:00:01")
    async with database.reading() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) == 200


async def test_one_bad_row_keeps_everything_out_and_each_fault_is_told(database):
    await add_places(database)
    await add_ap(database, 1)
    text = "\n".join([
        TITLES,
        f"{serial_of(2)},ok,arbat-1,55.752,37.592",
        f"{serial_of(1)},in the inventory,arbat-1,55.752,37.592",
        "not-a-serial,x,arbat-1,55.752,37.592",
        f"{serial_of(3)},x,nowhere,55.752,37.592",
        f"{serial_of(4)},x,arbat-1,37.592,55.752",
        f"{serial_of(5)},x,arbat-1,95.1,37.592",
        f"{serial_of(2)},again,arbat-1,55.752,37.592",
        f"{serial_of(6)},x,arbat-1,,north",
        f"{serial_of(7)},x,arbat-1",
    ])  # fmt: skip
    with pytest.raises(ImportRejectedError) as caught:
        await run(database, text)
    problems = [(p["line"], p["column"]) for p in caught.value.data["problems"]]
    assert problems == [
        (3, "serial"), (4, "serial"), (5, "site"), (6, "latitude"), (7, "latitude"), (8, "serial"),
        (9, "latitude"), (9, "longitude"), (10, ""),
    ]  # fmt: skip
    assert "swapped" in caught.value.data["problems"][3]["reason"]
    assert [ap.serial for ap in await stored(database)] == [serial_of(1)]


async def test_geojson(database):
    await add_places(database)
    feature = (
        '{"type":"Feature","properties":{"serial":"%s","site":"arbat-1"},'
        '"geometry":{"type":"Point","coordinates":[37.592,55.752]}}'
    )
    text = (
        '{"type":"FeatureCollection","features":[\n'
        + ",\n".join(feature % serial_of(n) for n in (1, 2))
        + "]}"
    )
    assert (await run(database, text, "geojson")).serials == (serial_of(1), serial_of(2))
    with pytest.raises(ImportRejectedError) as caught:
        await run(database, text, "geojson")
    assert [p["line"] for p in caught.value.data["problems"]] == [2, 3]


async def test_an_empty_file_is_refused(database):
    await add_places(database)
    with pytest.raises(ImportRejectedError):
        await run(database, TITLES)


async def test_an_ap_added_meanwhile_keeps_the_whole_file_out(database):
    await add_places(database)
    text = "\n".join([TITLES, *(f"{serial_of(n)},x,arbat-1,55.752,37.592" for n in (1, 2))])
    checked = await check(database, text)
    await add_ap(database, 2)
    with pytest.raises(ConflictError):
        async with database.transaction() as tx:
            await store(tx, checked, actor=ACTOR, now=NOW)
    assert [ap.serial for ap in await stored(database)] == [serial_of(2)]
