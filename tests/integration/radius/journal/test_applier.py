"""Journals into the database: once, whatever happens, on SQLite and PostgreSQL."""

import asyncio
import os
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from controller.core.clock import SystemClock
from controller.core.errors import ConflictError
from controller.core.ids import new_id
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import JournalPosition, NetSession, RadiusDecision, SetAside
from radius.accounting import Accountant
from radius.journal import repository
from radius.journal.applier import Applier, only_one
from radius.journal.decisions import DecisionRecord
from radius.journal.format import encode_record
from radius.journal.metrics import ApplierMetrics
from radius.journal.segments import create_segment, list_segments, open_directory, write_all
from radius.journal.tail import Tail
from radius.outcomes import Outcome
from radius.protocol.attributes import AcctStatusType
from radius.protocol.packet import encode_integer, encode_packet, encode_text
from radius.session_class import ClassCodec, SessionClass
from tests.eventually import eventually

START, STOP, INTERIM = AcctStatusType.START, AcctStatusType.STOP, AcctStatusType.INTERIM_UPDATE
CODEC = ClassCodec(bytes(32))
ACCOUNTED = "kolco_radius_accounting_records"


def mac(number):
    return f"02:00:00:00:00:{number:02x}"


@dataclass
class Books:
    """A city of some devices, and what keeps its books."""

    db: object
    directory: object
    applier: Applier
    devices: list
    heard: list = field(default_factory=list)
    tail: Tail = None

    def packet(self, kind, number, up=0, *, leg="A", extra=()):
        return encode_packet(
            4, number, bytes(16),
            [
                encode_integer(40, kind), encode_text(44, f"{leg}{number}"), encode_text(31, mac(number)),
                encode_integer(42, up), encode_integer(46, up),
                (25, CODEC.encode(self.devices[number])), *extra,
            ],
        )  # fmt: skip

    def restart(self):
        """Forget all that is not on disk."""
        if self.tail is not None:
            self.tail.close()
        self.tail = Tail(self.directory)

    async def settle(self):
        """Apply all there is."""
        if self.tail is None:
            self.restart()
        while await self.applier.step(self.tail):
            pass

    async def count(self, model):
        async with self.db.reading() as tx:
            return await tx.scalar(sa.select(sa.func.count()).select_from(model))

    async def rows(self, model):
        async with self.db.reading() as tx:
            return (await tx.scalars(sa.select(model))).all()

    async def total(self):
        async with self.db.reading() as tx:
            return await tx.scalar(sa.select(sa.func.sum(NetSession.up_bytes)))


@pytest.fixture
async def books(database, directory, metrics, tmp_path):
    known = Directory(SecretStore(tmp_path / "secrets"))
    clock = SystemClock()
    plan = PlanView("city", "City", 86_400, 3_600, 86_400, 300, None, None, None, 50)
    devices = []
    async with database.transaction() as tx:
        await known.save_plan(tx, plan)
        for number in range(8):
            login = await known.login_phone(
                tx, phone=f"+7916123456{number}", mac=mac(number), now=clock.now()
            )
            devices.append(SessionClass(new_id(), login.device_id, "radius-ttls"))
    heard = []
    applier = Applier(
        database, directory, Accountant(known), CODEC, clock,
        metrics=ApplierMetrics(metrics.tally, CollectorRegistry(), metrics),
        heard=lambda record, applied: heard.append((record.kind, applied)),
        batch_max=100, wait_s=0.01,
    )  # fmt: skip
    open_directory(directory)
    made = Books(database, directory, applier, devices, heard)
    yield made
    if made.tail is not None:
        made.tail.close()


async def journal(open_writer, *packets):
    async with open_writer() as opened:
        for one in packets:
            await opened.append_accounting("nas", "192.0.2.1", one)


def life(books, number, octets):
    return [
        books.packet(START, number),
        books.packet(INTERIM, number, 10),
        books.packet(STOP, number, octets),
    ]


async def test_what_is_journaled_is_applied_and_the_files_go(books, open_writer, counted):
    await journal(open_writer, *life(books, 0, 30), *life(books, 1, 40))
    assert books.applier.backlog_bytes > 0
    await books.settle()
    assert await books.total() == 70
    assert {session.end_reason for session in await books.rows(NetSession)} == {"left"}
    assert counted(ACCOUNTED, "stop", "ended") == 2
    assert books.applier.backlog_bytes == 0
    assert books.applier.backlog_age_s() == 0
    assert list(books.directory.iterdir()) == []
    assert await books.count(JournalPosition) == 0
    assert [(kind, applied.outcome) for kind, applied in books.heard] == [(STOP, Outcome.ENDED)] * 2


async def test_a_crash_after_the_commit_applies_nothing_twice(books, open_writer, monkeypatch):
    async with open_writer() as opened:
        await opened.append_accounting("nas", "192.0.2.1", books.packet(START, 0))
        await opened.append_accounting("nas", "192.0.2.1", books.packet(INTERIM, 0, 10))

        def crash(_positions):
            raise RuntimeError

        books.restart()
        monkeypatch.setattr(books.tail, "advance", crash)
        with pytest.raises(RuntimeError):
            await books.settle()
        books.restart()
        await opened.append_accounting("nas", "192.0.2.1", books.packet(INTERIM, 0, 25))
        await books.settle()
    assert await books.total() == 25
    assert len(books.heard) == 0
    (position,) = await books.rows(JournalPosition)
    assert position.segment == list_segments(books.directory)[0]


async def test_a_crash_before_the_commit_loses_nothing(books, open_writer, monkeypatch):
    await journal(open_writer, *life(books, 0, 30))
    save = repository.save_positions

    async def crash(*_arguments):
        raise OSError("killed")

    monkeypatch.setattr(repository, "save_positions", crash)
    with pytest.raises(OSError, match="killed"):
        await books.settle()
    assert await books.count(NetSession) == 0
    assert books.applier.backlog_age_s() > 0
    monkeypatch.setattr(repository, "save_positions", save)
    books.restart()
    await books.settle()
    assert await books.total() == 30


async def test_a_crash_while_a_segment_is_put_away_leaves_no_trace(books, open_writer, monkeypatch):
    await journal(open_writer, *life(books, 0, 30))

    async def crash(*_arguments):
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(repository, "forget_positions", crash)
        with pytest.raises(OSError, match="killed"):
            await books.settle()
    running = asyncio.create_task(books.applier.run())

    async def forgotten():
        return not await books.count(JournalPosition)

    await eventually(forgotten)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not list(books.directory.iterdir())
    assert await books.total() == 30


async def test_a_record_that_cannot_be_applied_stops_no_other(books, open_writer, counted):
    huge = (encode_integer(42, 2**32 - 1), encode_integer(52, 2**31 - 1))
    poison = [
        encode_packet(4, 1, bytes(16), [
            encode_integer(40, kind), encode_text(44, f"poison{leg}"),
            (25, CODEC.encode(books.devices[7])), *huge,
        ])
        for leg, kind in ((1, START), (2, START))
    ]  # fmt: skip
    await journal(open_writer, *life(books, 0, 30), *poison, *life(books, 1, 40))
    await books.settle()
    (aside,) = await books.rows(SetAside)
    assert (aside.kind, aside.nas_id, aside.address, aside.octets) == (
        "accounting",
        "nas",
        "192.0.2.1",
        poison[1],
    )
    assert aside.reason
    assert counted("kolco_radius_journal_set_aside", "accounting") == 1
    assert counted(ACCOUNTED, "stop", "ended") == 2
    async with books.db.reading() as tx:
        ended = sa.select(sa.func.sum(NetSession.up_bytes)).where(NetSession.ended_at.is_not(None))
        assert await tx.scalar(ended) == 70
    assert books.applier.backlog_bytes == 0


async def test_text_with_a_zero_octet_costs_no_record(books, open_writer):
    named = [(1, b"some\0body\0"), (30, b"02-AA-00-00-00-01:Ci\0ty")]
    nameless = encode_packet(4, 1, bytes(16), [encode_integer(40, START), encode_text(44, "B"), *named])
    await journal(open_writer, books.packet(START, 0, extra=named), nameless)
    await books.settle()
    assert await books.count(SetAside) == 0
    (session,) = await books.rows(NetSession)
    assert session.ssid == "Ci\ufffdty"


async def test_a_database_that_lacks_a_table_costs_no_record(books, open_writer):
    await journal(open_writer, *life(books, 0, 30))
    async with books.db.transaction() as tx:
        await tx.execute(sa.text("DROP TABLE radius_legs"))
    with pytest.raises(repository.RefusedError):
        await books.settle()
    assert await books.count(SetAside) == 0
    assert books.applier.backlog_bytes > 0


async def test_transactions_that_met_others_are_tried_again(books, open_writer, monkeypatch):
    await journal(open_writer, *life(books, 0, 30))
    accountant, tries = books.applier._accountant, []

    class DeadlockError(Exception):
        sqlstate = "40P01"

    class MeetsOthers:
        async def apply(self, tx, received):
            tries.append(len(received))
            if len(tries) < 3:
                raise sa.exc.DBAPIError("", None, DeadlockError())
            return await accountant.apply(tx, received)

    monkeypatch.setattr(books.applier, "_accountant", MeetsOthers())
    await books.settle()
    assert tries == [3, 3, 3]
    assert await books.total() == 30


async def test_what_holds_no_record_is_counted(books, open_writer, counted):
    await journal(
        open_writer, encode_packet(4, 1, bytes(16), []), encode_packet(4, 1, bytes(16), [(40, b"\0\0\0\1")])
    )
    await books.settle()
    assert counted(ACCOUNTED, "unusable", "unknown-status") == 1
    assert counted(ACCOUNTED, "unusable", "no-session-id") == 1


async def test_what_no_writer_made_is_set_aside(books, counted):
    segment = create_segment(books.directory)
    write_all(segment.descriptor, encode_record(b"\1" + bytes(8) + b"\xff\xff"))
    write_all(segment.descriptor, encode_record(b"\1" + bytes(8) + b"\0\0no packet"))
    write_all(segment.descriptor, encode_record(b"\2" + bytes(8) + b"\xc1"))
    write_all(segment.descriptor, b"torn")
    write_all(segment.descriptor, bytes(4))
    os.close(segment.descriptor)
    await books.settle()
    assert sorted(row.kind for row in await books.rows(SetAside)) == ["accounting", "decision", "unknown"]
    assert counted("kolco_radius_journal_torn", "damaged") + counted("kolco_radius_journal_torn", "torn") == 1
    assert list_segments(books.directory) == []


async def test_decisions_are_kept(books, open_writer, counted):
    decision = DecisionRecord(
        "nas", "reject", b"steps", b"s" * 32, b"u" * 32, "pap", "policy",
        account_id=new_id(), plan_id="city", rule="night", ssid="City",
    )  # fmt: skip
    async with open_writer() as opened:
        opened.append_decision(decision)
        opened.append_decision(DecisionRecord("nas", "accept"))
    await books.settle()
    rows = await books.rows(RadiusDecision)
    (kept,) = [row for row in rows if row.outcome == "reject"]
    assert {name: getattr(kept, name) for name in DecisionRecord.__struct_fields__} == {
        name: getattr(decision, name) for name in DecisionRecord.__struct_fields__
    }
    assert counted("kolco_radius_decisions_recorded") == 2


async def test_counting_after_the_end_is_told(books, open_writer):
    await journal(
        open_writer,
        books.packet(START, 0),
        books.packet(STOP, 0, 10),
        books.packet(INTERIM, 0, 20),
        books.packet(INTERIM, 1, 20),
    )
    await books.settle()
    stop, late = books.heard
    assert (stop[0], stop[1].still_online) == (STOP, False)
    assert (late[0], late[1].outcome, late[1].still_online) == (INTERIM, Outcome.LATE, True)


async def test_journals_of_workers_that_are_gone_are_applied(books, open_writer):
    for number in range(3):
        await journal(open_writer, *life(books, number, 10 + number))
    async with open_writer() as one, open_writer() as other:
        for opened, number in ((one, 3), (other, 4)):
            for packet in life(books, number, 100):
                await opened.append_accounting("nas", "192.0.2.1", packet)
        await books.settle()
        assert await books.total() == 10 + 11 + 12 + 200
        assert len(list_segments(books.directory)) == 2


@pytest.mark.parametrize(("records", "knows_pace"), [(50, False), (150, True)])
async def test_applying_gives_way_once_a_full_batch_told_its_pace(
    books, open_writer, monkeypatch, records, knows_pace
):
    standings = []

    def wait_once(standing, lag_max_s):
        standings.append(standing)
        assert lag_max_s == 0
        return 0.01 if len(standings) == 1 else 0.0

    monkeypatch.setattr("radius.journal.applier.choose_wait", wait_once)
    await journal(open_writer, *(books.packet(INTERIM, 0, octets) for octets in range(records)))
    running = asyncio.create_task(books.applier.run())
    await eventually(lambda: not books.applier.backlog_bytes)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (len(standings) > 1) is knows_pace
    assert all(standing.pace > 0 and standing.growth < standing.pace for standing in standings)


def test_only_one_applies(tmp_path):
    directory = tmp_path / "radius" / "journal"
    with only_one(directory), pytest.raises(ConflictError, match="another"), only_one(directory):
        pass
    with only_one(directory):
        pass


async def test_positions_that_another_process_changed_stop_it(books, open_writer):
    await journal(open_writer, *life(books, 0, 30))
    books.restart()
    (segment,) = books.tail.find_new()
    books.applier._positions[segment] = 0
    books.tail.open(segment, 0)
    async with books.db.transaction() as tx:
        await repository.save_positions(tx, {segment: 99}, SystemClock().now())
    with pytest.raises(ConflictError, match="another process"):
        await books.settle()
    assert await books.count(NetSession) == 0
