"""Many sessions at once, beside the same told one by one."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from controller.core import outbox
from controller.core.ids import new_id
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.models import AccountingRecord, NetSession
from controller.sessions import repository, service
from controller.sessions.book import Book, Entry
from controller.sessions.types import StartSession, Usage
from tests.factories.people import MAC, make_citizen

COUNTED = (
    "up_bytes",
    "down_bytes",
    "up_packets",
    "down_packets",
    "end_reason",
    "ended_at",
    "due_at",
    "last_used_at",
)


@pytest.fixture
def directory(tmp_path):
    return Directory(SecretStore(tmp_path / "secrets"))


@pytest.fixture
async def login(database, directory, clock):
    return await make_citizen(database, directory, now=clock.now(), quota_bytes=1000, simultaneous_use=2)


def request(login, **changes):
    fields = {
        "mac": MAC, "ip": "", "gateway_id": None, "account_id": login.account_id,
        "device_id": login.device_id, "plan": login.plan, "method": "radius-pap",
    }  # fmt: skip
    return StartSession(**(fields | changes))


async def change(database, login, work, ids=()):
    """Have `work` change a book; return what it returns."""
    async with database.transaction() as tx:
        book = Book("radius")
        await book.lock_starts(tx, macs={MAC}, accounts={login.account_id})
        await book.load(tx, ids=ids, macs={MAC}, accounts={login.account_id})
        made = work(book)
        await book.save(tx)
    return made


async def rows(database, model, *order):
    async with database.reading() as tx:
        return (await tx.scalars(sa.select(model).order_by(*order))).all()


async def topics(database):
    async with database.reading() as tx:
        told = [row.topic for row in await outbox.newer(tx, 0, 100)]
    return [topic for topic in told if topic.startswith("session.")]


async def test_it_is_the_same_as_one_by_one(database, directory, login, clock):
    now, later = clock.now(), clock.now() + timedelta(seconds=60)
    other = await make_citizen(
        database, directory, now=now, mac="02:00:00:00:07:07", phone="+79160000000", quota_bytes=1000
    )
    usages = [(400, 100), (300, 200)]

    def work(book):
        entry = book.start(request(login), now)
        for up, down in usages:
            book.use(entry, Usage(entry.id, up, down, 1, 1), later)
        assert entry.end_reason == "quota"
        assert not book.end(entry, "left", later)
        return entry

    await change(database, login, work)
    async with database.transaction() as tx:
        single = await service.start(
            tx, request(other, mac="02:00:00:00:07:07", plan=login.plan), now, source="radius"
        )
        for up, down in usages:
            await service.use(tx, Usage(single.id, up, down, 1, 1), source="radius", now=later)
    one, same = await rows(database, NetSession, NetSession.mac)
    assert {name: getattr(one, name) for name in COUNTED} == {name: getattr(same, name) for name in COUNTED}
    assert await topics(database) == ["session.started", "session.ended"] * 2
    records = await rows(database, AccountingRecord, AccountingRecord.session_id, AccountingRecord.kind)
    shown = [(one.kind, one.source, one.up_bytes, one.session_time_s, one.terminate_cause) for one in records]
    assert shown[:2] == shown[2:] == [("start", "radius", 0, 0, ""), ("stop", "radius", 700, 60, "quota")]


async def test_a_device_has_one_open_session_and_an_account_its_number(database, login, clock):
    started = []

    def work(book):
        for number in range(4):
            mac = MAC if number < 2 else f"02:00:00:00:05:0{number}"
            started.append(book.start(request(login, mac=mac), clock.now() + timedelta(seconds=number)))
        assert book.find_open(MAC) is None
        assert book.find(started[3].id) is started[3]

    await change(database, login, work)
    assert [entry.end_reason for entry in started] == ["replaced", "simultaneous-use", "", ""]
    stored = await rows(database, NetSession, NetSession.started_at)
    assert [row.end_reason for row in stored] == [entry.end_reason for entry in started]


async def test_what_was_open_before_is_replaced_or_over(database, login, clock):
    first = await change(database, login, lambda book: book.start(request(login), clock.now()))
    clock.advance(60)
    second = await change(database, login, lambda book: book.start(request(login), clock.now()))
    clock.advance(1_000_000)
    await change(database, login, lambda book: book.start(request(login), clock.now()))
    async with database.reading() as tx:
        reasons = [(await service.get(tx, one.id)).end_reason for one in (first, second)]
    assert reasons == ["replaced", "expired"]


async def test_of_several_interims_the_last_is_written(database, login, clock):
    def work(book):
        entry = book.start(request(login), clock.now())
        for seconds in (60, 120):
            book.use(entry, Usage(entry.id, 10, 0, 1, 0), clock.now() + timedelta(seconds=seconds))
            book.interim(entry, clock.now() + timedelta(seconds=seconds))
        return entry

    entry = await change(database, login, work)
    records = await rows(database, AccountingRecord, AccountingRecord.at)
    assert [(one.kind, one.up_bytes, one.session_time_s) for one in records] == [
        ("start", 0, 0),
        ("interim", 20, 120),
    ]
    (stored,) = await rows(database, NetSession)
    assert (stored.id, stored.last_used_at) == (entry.id, clock.now() + timedelta(seconds=120))


async def test_bytes_told_after_the_end_correct_the_stop_record(database, login, clock):
    def end(book):
        entry = book.start(request(login, session_id=session_id), clock.now())
        book.end(entry, "left", clock.now())
        book.use(entry, Usage(entry.id, 7, 0, 0, 0), clock.now())

    session_id = new_id()
    await change(database, login, end)
    await change(
        database,
        login,
        lambda book: book.use(book.find(session_id), Usage(session_id, 4, 0, 0, 0), clock.now()),
        ids={session_id},
    )
    stop = next(one for one in await rows(database, AccountingRecord) if one.kind == "stop")
    (stored,) = await rows(database, NetSession)
    assert (stop.up_bytes, stored.up_bytes, stored.end_reason) == (11, 11, "left")


async def test_an_end_may_be_set_and_an_unused_session_idles(database, login, clock):
    plan = replace(login.plan, idle_timeout_s=0)
    until = clock.now() + timedelta(seconds=5)
    entry = await change(
        database, login, lambda book: book.start(request(login, plan=plan, not_after=until), clock.now())
    )
    assert (entry.expires_at, entry.due_at) == (until, until)


def test_an_entry_has_the_columns_in_their_order():
    assert tuple(Entry.__dataclass_fields__) == repository.COLUMNS
