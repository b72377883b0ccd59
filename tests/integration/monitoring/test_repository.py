"""The monitor's queries on both databases."""

from datetime import timedelta

import pytest

from controller.core.db import Database
from controller.core.errors import UnavailableError
from controller.models import Base, NetSession
from monitoring.repository import OVERLAP, read_fleet, read_sessions, take
from monitoring.snapshot import OpenSessions, Place
from tests.factories.city_rows import add_city, add_session, serial_of
from tests.factories.monitoring import SSID, summary

PARK = Place("park", "tverskoy")


async def test_the_fleet(database, clock):
    await add_city(database, clock.now())
    async with database.reading() as tx:
        fleet = await read_fleet(tx, now=clock.now())
    assert fleet.taken_at == clock.now().timestamp()
    assert fleet.ssids == {SSID}
    assert {site.place.site: (site.place.district, site.district_name) for site in fleet.sites} == {
        "park": ("tverskoy", "Tverskoy"),
        "metro": ("tverskoy", "Tverskoy"),
        "square": ("arbat", "Arbat"),
    }
    assert [ap.serial for ap in fleet.aps] == [serial_of(number) for number in range(7)]
    first, square, planned = fleet.aps[0], fleet.aps[2], fleet.aps[6]
    assert (first.place, first.zone, first.name) == (PARK, "garden-ring", "AP 0")
    assert (first.connected, first.clients, first.summary) == (True, 10, summary())
    assert (first.last_seen_at, first.reported_at) == (fleet.taken_at, fleet.taken_at)
    assert (first.running_config, first.desired_config) == (1, 1)
    assert square.zone == "none"
    assert (planned.state, planned.connected, planned.summary) == ("planned", False, {})


async def test_an_empty_city(database, clock):
    async with database.reading() as tx:
        assert not (await read_fleet(tx, now=clock.now())).aps
        assert not (await read_sessions(tx, now=clock.now(), since=None)).open


async def test_sessions_first_all_open_then_the_changed(database, clock):
    await add_city(database, clock.now())
    old = clock.now()
    ended = await add_session(database, old, 1, ended_at=old, end_reason="quota", method="voucher")
    quiet = await add_session(database, old, 2)
    clock.advance(OVERLAP.total_seconds() + 1)
    async with database.reading() as tx:
        first = await read_sessions(tx, now=clock.now(), since=None)
    assert first.open == [OpenSessions(PARK, "gw-park", "sms", 1)]
    assert [row.session_id for row in first.changed] == [quiet]

    clock.advance(OVERLAP.total_seconds() + 60)
    nowhere = await add_session(database, clock.now(), 3, site_id=None, gateway_id=None, method="radius-mab")
    async with database.reading() as tx:
        second = await read_sessions(tx, now=clock.now(), since=clock.now() - timedelta(seconds=15))
    assert [row.session_id for row in second.changed] == [nowhere]
    assert (second.changed[0].place, second.changed[0].gateway) == (Place(), "none")
    assert ended not in {row.session_id for row in second.changed}


async def test_what_ended_just_before_belongs_to_the_baseline(database, clock):
    await add_city(database, clock.now())
    ended = await add_session(database, clock.now(), 1, ended_at=clock.now(), end_reason="quota")
    clock.advance(60)
    async with database.reading() as tx:
        first = await read_sessions(tx, now=clock.now(), since=None)
        second = await read_sessions(tx, now=clock.now(), since=clock.now())
    assert [row.session_id for row in first.changed] == [row.session_id for row in second.changed] == [ended]


async def test_a_session_without_a_site_is_at_its_gateways(database, clock):
    await add_city(database, clock.now())
    await add_session(database, clock.now(), 1, site_id=None)
    async with database.reading() as tx:
        sessions = await read_sessions(tx, now=clock.now(), since=None)
    assert sessions.open == [OpenSessions(PARK, "gw-park", "sms", 1)]
    assert sessions.changed[0].place == PARK


async def test_use_and_end_are_changes(database, clock):
    await add_city(database, clock.now())
    session = await add_session(database, clock.now(), 1)
    clock.advance(3600)
    async with database.transaction() as tx:
        row = await tx.get(NetSession, session)
        row.ended_at, row.end_reason, row.up_bytes = clock.now(), "idle-timeout", 5000
    async with database.reading() as tx:
        (changed,) = (await read_sessions(tx, now=clock.now(), since=clock.now())).changed
    assert (changed.ended, changed.end_reason, changed.up_bytes) == (True, "idle-timeout", 5000)


async def test_a_database_without_tables_is_unavailable(database, clock):
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    with pytest.raises(UnavailableError):
        await take(database, now=clock.now(), sessions_since=None)


async def test_a_server_that_is_not_there_is_unavailable(clock):
    from tests.conftest import free_port

    db = Database(f"postgresql+asyncpg://kolco@127.0.0.1:{free_port()}/none")
    with pytest.raises(UnavailableError, match="did not answer"):
        await take(db, now=clock.now(), sessions_since=None)
    await db.close()


async def test_a_database_that_is_not_there_is_unavailable(postgres_server, clock):
    db = Database(f"{postgres_server}/missing")
    with pytest.raises(UnavailableError):
        await take(db, now=clock.now(), sessions_since=None)
    await db.close()
