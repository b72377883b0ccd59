"""The database layer on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from controller.core.db import (
    Base,
    Database,
    among,
    insert_rows,
    is_away,
    lock,
    lock_all,
    reason_of,
    update_rows,
    upsert,
)
from controller.core.errors import InvalidInputError
from controller.core.outbox import OutboxRow
from controller.models import AccessPoint, ApStatus, District, Gateway, Lease, Site, Zone
from tests.fakes.clock import START


@pytest.mark.parametrize("url", ["", "no url", "mysql://x/y", "sqlite:///x.db"])
def test_another_kind_of_database_is_refused(url):
    with pytest.raises(InvalidInputError):
        Database(url)


async def test_a_server_that_is_away_is_told_from_a_missing_file_and_from_a_clash(database):
    away = Database("postgresql+asyncpg://kolco@127.0.0.1:9/x")
    with pytest.raises(OSError, match="Connect call failed") as refused:
        async with away.reading() as tx:
            await tx.execute(sa.text("SELECT 1"))
    assert is_away(refused.value)
    assert reason_of(refused.value).startswith("[Errno 111]")
    await away.close()
    unopened = Database("sqlite+aiosqlite:////nowhere/x.db")
    with pytest.raises(sa.exc.OperationalError) as unable:
        async with unopened.reading() as tx:
            await tx.execute(sa.text("SELECT 1"))
    assert is_away(unable.value)
    assert reason_of(unable.value) == "unable to open database file"
    await unopened.close()
    with pytest.raises(sa.exc.IntegrityError) as clash:
        await add_twice(database)
    assert not is_away(clash.value)
    with pytest.raises(sa.exc.DBAPIError) as wrong:
        async with database.reading() as tx:
            await tx.execute(sa.text("SELECT 1 FROM nowhere"))
    assert not is_away(wrong.value)
    assert not is_away(FileNotFoundError(2, "No such file", "x"))
    assert not is_away(ValueError())


async def add_twice(database):
    async with database.transaction() as tx:
        await tx.execute(sa.insert(Zone), [{"id": "z", "name": "", "name_en": "", "polygon": {}}] * 2)


async def test_moments_come_back_aware_and_in_utc_whatever_zone_they_had(database):
    there = timezone(timedelta(hours=3))
    async with database.transaction() as tx:
        tx.add(Gateway(id="a", name="a", lan_cidr="", last_seen_at=datetime(2026, 1, 1, 3, tzinfo=there)))
    async with database.reading() as tx:
        assert (await tx.get(Gateway, "a")).last_seen_at == datetime(2026, 1, 1, tzinfo=UTC)


async def add_naive(database):
    async with database.transaction() as tx:
        tx.add(Gateway(id="a", name="a", lan_cidr="", last_seen_at=datetime(2026, 1, 1)))  # noqa: DTZ001


async def test_a_moment_without_a_zone_is_refused(database):
    with pytest.raises(StatementError, match="time zone"):
        await add_naive(database)


async def test_upsert_inserts_updates_or_leaves_thousands_of_rows(database):
    rows = [{"id": f"z{n}", "name": "first", "name_en": "", "polygon": {}} for n in range(6000)]
    async with database.transaction() as tx:
        await upsert(tx, Zone, rows, keys=["id"], update=["name"])
        await upsert(tx, Zone, [row | {"name": "second"} for row in rows[:10]], keys=["id"], update=["name"])
        await upsert(tx, Zone, [row | {"name": "third"} for row in rows], keys=["id"], update=[])
        await upsert(tx, Zone, [], keys=["id"], update=[])
    async with database.reading() as tx:
        counts = dict((await tx.execute(sa.select(Zone.name, sa.func.count()).group_by(Zone.name))).all())
    assert counts == {"first": 5990, "second": 10}


async def test_writers_wait_their_turn_and_none_is_lost(database):
    async with database.transaction() as tx:
        tx.add(Gateway(id="a", name="a", lan_cidr="", clients=0))

    async def count_one():
        async with database.transaction() as tx:
            row = await tx.get(Gateway, "a", with_for_update=True)
            row.clients += 1

    await asyncio.gather(*(count_one() for _ in range(20)))
    async with database.reading() as tx:
        assert (await tx.get(Gateway, "a")).clients == 20


async def test_a_row_takes_what_belongs_to_it_along(database):
    async with database.transaction() as tx:
        tx.add(District(id="d", name="d"))
        await tx.flush()
        tx.add(Site(id="s", name="s", district_id="d", latitude=0, longitude=0))
        await tx.flush()
        ap = AccessPoint(
            serial="0" * 12, name="", mac="", model="", site_id="s", latitude=0, longitude=0, created_at=START
        )
        tx.add(ap)
        await tx.flush()
        tx.add(ApStatus(serial=ap.serial))
        await tx.flush()
        await tx.execute(sa.delete(AccessPoint))
        assert await tx.scalar(sa.select(sa.func.count()).select_from(ApStatus)) == 0


async def test_a_new_sqlite_file_is_its_owners_only(tmp_path):
    path = tmp_path / "kolco.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with database.transaction() as tx:
        await tx.execute(sa.text("CREATE TABLE t (a INTEGER)"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    await database.close()
    assert modes == {"kolco.db": 0o600, "kolco.db-wal": 0o600, "kolco.db-shm": 0o600}


async def test_among_finds_one_of_many_with_the_same_sql(database):
    async with database.transaction() as tx:
        tx.add_all(District(id=name, name=name) for name in ("a", "b", "c"))
    statements = []
    sa.event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    for wanted, found in (({"a", "c", "x"}, ["a", "c"]), (set(), []), ({"b"}, ["b"])):
        async with database.reading() as tx:
            query = sa.select(District.id).where(among(tx, District.id, wanted)).order_by(District.id)
            assert list(await tx.scalars(query)) == found
    assert len({text for text in statements if "SELECT" in text}) == 1


async def test_many_locks_hold_each_other_up_in_no_order(database):
    keys = [f"key {number}".encode() for number in range(40)]

    async def take(wanted):
        async with database.transaction() as tx:
            await lock_all(tx, wanted)
            await lock_all(tx, [])

    async def take_one(key):
        async with database.transaction() as tx:
            await lock(tx, key)

    async with asyncio.timeout(20):
        await asyncio.gather(
            *(take(keys[::step]) for step in (1, -1, 2, -2)), *(take_one(key) for key in keys)
        )


async def test_many_rows_are_inserted_and_updated_with_a_few_statements(database):
    async with database.transaction() as tx:
        tx.add(Gateway(id="gw", name="gw", lan_cidr="10.0.0.0/16"))
    leases, names = Lease.__table__, ("gateway_id", "ip", "mac", "seen_at", "expires_at", "ap_serial")
    first = [
        ("gw", f"10.0.0.{number}", f"02:00:00:00:00:{number:02x}", START, START if number % 2 else None, None)
        for number in range(1, 50)
    ]
    later = [
        ("gw", row[1], START + timedelta(seconds=number, microseconds=number), None)
        for number, row in enumerate(first)
    ]
    async with database.transaction() as tx:
        await insert_rows(tx, leases, names, first)
        await insert_rows(tx, leases, names, [])
        again = [("gw", "10.0.0.1", "x", START, None, None), ("gw", "10.0.1.1", "\"'\\é", START, None, None)]
        await insert_rows(tx, leases, names, again, unless=["gateway_id", "ip"])
    statements = []
    sa.event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    async with database.transaction() as tx:
        await update_rows(tx, leases, ("gateway_id", "ip", "seen_at", "expires_at"), later, keys=2)
        await update_rows(tx, leases, ("gateway_id", "ip"), [], keys=2)
    assert len([text for text in statements if text.startswith("UPDATE")]) == 1
    async with database.reading() as tx:
        stored = {row.ip: row for row in await tx.scalars(sa.select(Lease))}
    assert len(stored) == 50
    for row, changed in zip(first, later, strict=True):
        one = stored[row[1]]
        assert (one.mac, one.seen_at, one.expires_at) == (row[2], changed[2], None)
    assert (stored["10.0.1.1"].mac, stored["10.0.1.1"].seen_at) == ("\"'\\é", START)


@pytest.mark.parametrize("mac", ["longer than a MAC address", "\0"])
async def test_what_does_not_fit_is_refused_in_many_rows(postgres_url, mac):
    db = Database(postgres_url)
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with db.transaction() as tx:
        tx.add(Gateway(id="gw", name="gw", lan_cidr="10.0.0.0/16"))
    names, row = ("gateway_id", "ip", "mac", "seen_at"), ("gw", "10.0.0.1", mac, START)
    with pytest.raises(sa.exc.DBAPIError) as refused:
        async with db.transaction() as tx:
            await insert_rows(tx, Lease.__table__, names, [row])
    assert refused.value.orig.sqlstate.startswith("22")
    await db.close()


async def test_a_moment_without_a_time_zone_is_refused_in_many_rows(database):
    names, row = ("gateway_id", "ip", "mac", "seen_at"), ("gw", "10.0.0.1", "x", START.replace(tzinfo=None))
    async with database.transaction() as tx:
        with pytest.raises((ValueError, sa.exc.StatementError), match="time zone"):
            await insert_rows(tx, Lease.__table__, names, [row])


async def test_octets_pass_in_many_rows(database):
    table = OutboxRow.__table__
    async with database.transaction() as tx:
        await insert_rows(tx, table, ("topic", "payload", "created_at"), [("t", bytes(range(256)), START)])
        assert await tx.scalar(sa.select(OutboxRow.payload)) == bytes(range(256))
