"""Legs in memory and back, on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.models import RadiusLeg
from controller.sessions import service as sessions
from controller.sessions.types import StartSession
from radius.legs import repository
from radius.legs.book import Leg, LegBook
from radius.protocol.attributes import AcctStatusType
from radius.records import Record, Totals
from radius.stations import CalledStation
from tests.factories.people import MAC, make_citizen


def record(leg="A", *, up=0, seconds=0, address="192.0.2.1"):
    return Record(
        AcctStatusType.INTERIM_UPDATE, "nas", address, leg, None, MAC, "", CalledStation(None, ""),
        Totals(up_bytes=up), seconds, 0, 0,
    )  # fmt: skip


@pytest.fixture
async def session_id(database, tmp_path, clock):
    login = await make_citizen(database, Directory(SecretStore(tmp_path / "secrets")), now=clock.now())
    async with database.transaction() as tx:
        request = StartSession(MAC, "", None, login.account_id, login.device_id, login.plan, "radius-pap")
        return (await sessions.start(tx, request, clock.now())).id


async def change(database, work, *, keys=(), devices=(), session_ids=()):
    async with database.transaction() as tx:
        book = LegBook()
        await book.load(tx, keys, devices)
        await book.load_open_of(tx, session_ids)
        made = work(book)
        await book.save(tx)
    return made


async def rows(database):
    async with database.reading() as tx:
        return (await tx.scalars(sa.select(RadiusLeg).order_by(RadiusLeg.acct_session_id))).all()


async def test_a_leg_is_stored_with_what_it_counted(database, session_id, clock):
    later = clock.now() + timedelta(seconds=60)

    def begin(book):
        leg = book.add(record(), session_id=session_id, mac=MAC, ap_serial="aabbccddeeff", now=clock.now())
        book.advance(leg, record(up=10, seconds=60), later)

    await change(database, begin)
    (stored,) = await rows(database)
    assert (stored.up_bytes, stored.session_time_s, stored.ap_serial) == (10, 60, "aabbccddeeff")
    assert (stored.started_at, stored.heard_at, stored.ended_at) == (clock.now(), later, None)


async def test_legs_are_found_by_what_tells_them_apart(database, session_id, clock):
    keys = [("A", "192.0.2.1"), ("B", "192.0.2.1"), ("A", "192.0.2.2")]

    def begin(book):
        for leg, address in keys:
            book.add(
                record(leg, address=address), session_id=session_id, mac=MAC, ap_serial=None, now=clock.now()
            )

    await change(database, begin)
    found = await change(
        database, lambda book: book, keys=[record("A").leg, record("B").leg, record("C").leg]
    )
    assert found.find(record("A").leg).key == record("A").leg
    assert found.find(record("C").leg) is None
    assert found.find(record("A", address="192.0.2.2").leg) is None
    assert found.session_ids() == {session_id}
    of_device = await change(database, lambda book: book, devices=[("nas", "192.0.2.1")])
    assert [leg.acct_session_id for leg in of_device.list_of_device(("nas", "192.0.2.1"))] == ["A", "B"]
    of_session = await change(database, lambda book: book, session_ids=[session_id])
    assert len(of_session.list_open()) == 3
    assert of_session.has_open(session_id)


async def test_counters_never_go_back(database, session_id, clock):
    def begin(book):
        leg = book.add(record(), session_id=session_id, mac=MAC, ap_serial=None, now=clock.now())
        book.advance(leg, record(up=10, seconds=60), clock.now())

    def go_on(book):
        leg = book.find(record().leg)
        book.advance(leg, record(up=25, seconds=90), clock.now() + timedelta(seconds=30))
        book.advance(leg, record(up=5, seconds=30), clock.now())

    await change(database, begin)
    await change(database, go_on, keys=[record().leg])
    (stored,) = await rows(database)
    assert (stored.up_bytes, stored.session_time_s) == (25, 90)
    assert stored.heard_at == clock.now() + timedelta(seconds=30)


async def test_a_leg_ends_once_and_may_go_on(database, session_id, clock):
    def begin(book):
        book.add(record(), session_id=session_id, mac=MAC, ap_serial=None, now=clock.now())

    def end(book):
        leg = book.find(record().leg)
        book.end(leg, clock.now())
        book.end(leg, clock.now() + timedelta(seconds=9))
        assert not book.has_open(session_id)

    def reopen(book):
        book.reopen(book.find(record().leg))
        assert book.has_open(session_id)

    await change(database, begin)
    await change(database, end, keys=[record().leg])
    assert [leg.ended_at for leg in await rows(database)] == [clock.now()]
    await change(database, reopen, keys=[record().leg])
    assert [leg.ended_at for leg in await rows(database)] == [None]


def test_a_leg_has_the_columns_in_their_order():
    assert tuple(Leg.__dataclass_fields__) == repository.COLUMNS
