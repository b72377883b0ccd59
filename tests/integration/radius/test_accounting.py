"""Records into sessions, with no packets: order, repetition and ends."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from controller.core.ids import new_id
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import Account, Device, NetSession
from controller.sessions import service as sessions
from radius.accounting import Accountant, Received
from radius.outcomes import Outcome
from radius.protocol.attributes import AcctStatusType
from radius.records import Record, Totals
from radius.served.repository import list_sessions_to_disconnect
from radius.session_class import SessionClass
from radius.stations import CalledStation
from tests.factories.inventory import add_ap, add_places, mac_of
from tests.fakes.clock import FakeClock

MAC = "02:00:00:00:00:01"
START, STOP, INTERIM = AcctStatusType.START, AcctStatusType.STOP, AcctStatusType.INTERIM_UPDATE


def record(
    kind, *, leg="A", up=0, seconds=0, session=None, mac=MAC, cause=0, address="192.0.2.1", called=None
):
    return Record(
        kind, "nas", address, leg, session, mac, "", CalledStation(called, "City"), Totals(up_bytes=up),
        seconds, cause, 0,
    )  # fmt: skip


class World:
    """A remembered device and an accountant."""

    def __init__(self, database, tmp_path):
        self.db = database
        self.clock = FakeClock()
        self.directory = Directory(SecretStore(tmp_path / "secrets"))
        self.accountant = Accountant(self.directory)

    async def prepare(self):
        plan = PlanView("city", "City", 7200, 600, 86_400, 300, None, None, 1_000_000, 5)
        async with self.db.transaction() as tx:
            await self.directory.save_plan(tx, plan)
            self.login = await self.directory.login_phone(
                tx, phone="+79161234567", mac=MAC, now=self.clock.now()
            )
        self.promised = SessionClass(new_id(), self.login.device_id, "radius-pap")

    async def apply(self, *records):
        """Apply records one by one, each in a transaction of its own."""
        return [one.outcome for record in records for one in await self.store([record])]

    async def store(self, records):
        """Apply records together."""
        async with self.db.transaction() as tx:
            return await self.accountant.apply(tx, [Received(one, self.clock.now()) for one in records])

    async def session(self, session_id=None) -> NetSession:
        async with self.db.reading() as tx:
            return await sessions.get(tx, session_id or self.promised.session_id)


@pytest.fixture
async def world(database, tmp_path):
    made = World(database, tmp_path)
    await made.prepare()
    return made


async def test_a_promised_session_begins_under_its_own_id(world):
    assert await world.apply(record(START, session=world.promised)) == [Outcome.STARTED]
    session = await world.session()
    assert (session.method, session.nas_id, session.ssid) == ("radius-pap", "nas", "City")


async def test_a_group_is_stored_in_one_commit(world):
    applied = await world.store(
        [
            record(START, session=world.promised),
            record(INTERIM, up=10, seconds=5),
            record(STOP, up=20, seconds=9),
        ]
    )
    assert [one.outcome for one in applied] == [Outcome.STARTED, Outcome.COUNTED, Outcome.ENDED]
    assert {one.session_id for one in applied} == {world.promised.session_id}
    assert (await world.session()).up_bytes == 20


async def test_a_group_counts_repetitions_once_in_whatever_order(world):
    promised = world.promised
    again = [
        record(INTERIM, up=10, seconds=5),
        record(INTERIM, up=10, seconds=5),
        record(INTERIM, up=4, seconds=2),
    ]
    first = await world.store([record(START, session=promised), *again])
    assert [one.outcome for one in first] == [
        Outcome.STARTED, Outcome.COUNTED, Outcome.REPEATED, Outcome.REPEATED,
    ]  # fmt: skip
    second = await world.store([*again, record(STOP, up=12, seconds=9), record(STOP, up=12, seconds=9)])
    assert [one.outcome for one in second[:3]] == [Outcome.REPEATED] * 3
    assert [one.outcome for one in second[3:]] == [Outcome.ENDED, Outcome.REPEATED]
    assert (await world.session()).up_bytes == 12


async def test_the_number_of_statements_does_not_depend_on_the_number_of_records(world, database):
    statements = []
    sa.event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    promised = [replace(world.promised, session_id=new_id()) for _ in range(200)]
    applied = await world.store(
        [
            record(kind, leg=f"L{number}", session=one, up=up, seconds=up, cause=1)
            for kind, up in ((START, 0), (INTERIM, 10), (INTERIM, 20), (STOP, 30))
            for number, one in enumerate(promised)
        ]
        + [record(AcctStatusType.ACCOUNTING_ON, leg="")]
    )
    assert len(applied) == 801
    assert len([text for text in statements if not text.startswith(("BEGIN", "COMMIT"))]) <= 20
    async with database.reading() as tx:
        assert await tx.scalar(sa.select(sa.func.sum(NetSession.up_bytes))) == 200 * 30


async def test_interims_of_open_sessions(world, database):
    await world.apply(record(START, session=world.promised))
    stored = await world.store([record(INTERIM, up=10, seconds=60)])
    assert [(one.outcome, one.session_id) for one in stored] == [(Outcome.COUNTED, world.promised.session_id)]
    world.clock.advance(60)
    (again,) = await world.store([record(INTERIM, up=10, seconds=60)])
    assert again.outcome is Outcome.REPEATED
    (idle,) = await world.store([record(INTERIM, up=10, seconds=120)])
    assert idle.outcome is Outcome.COUNTED
    async with database.reading() as tx:
        kinds = [one.kind for one in await sessions.list_records(tx, world.promised.session_id)]
    assert kinds == ["start", "interim", "interim"]
    (over,) = await world.store([record(INTERIM, up=1_000_000, seconds=180)])
    assert (over.outcome, over.still_online) == (Outcome.COUNTED, False)
    assert (await world.session()).end_reason == "quota"
    (late,) = await world.store([record(INTERIM, up=1_000_001, seconds=240)])
    assert (late.outcome, late.still_online) == (Outcome.LATE, True)


async def test_what_came_before_the_end_says_nothing_about_after_it(world):
    await world.apply(record(START, session=world.promised))
    before = world.clock.now()
    world.clock.advance(60)
    async with world.db.transaction() as tx:
        await sessions.end(tx, world.promised.session_id, reason="admin", now=world.clock.now(), source="x")
    async with world.db.transaction() as tx:
        (late,) = await world.accountant.apply(tx, [Received(record(INTERIM, up=9, seconds=9), before)])
    assert (late.outcome, late.still_online) == (Outcome.LATE, False)
    assert (await world.session()).up_bytes == 9


async def test_a_start_that_comes_last_begins_nothing_anew(world):
    promised = world.promised
    outcomes = await world.apply(
        record(INTERIM, up=10, seconds=5, session=promised), record(START, session=promised)
    )
    assert outcomes == [Outcome.COUNTED, Outcome.REPEATED]
    assert (await world.session()).up_bytes == 10


async def test_a_stop_alone_begins_no_session(world):
    assert await world.apply(record(STOP, session=world.promised)) == [Outcome.UNKNOWN_SESSION]


async def test_bytes_after_the_end_are_added(world):
    await world.apply(record(START, session=world.promised), record(INTERIM, up=10, seconds=5))
    async with world.db.transaction() as tx:
        await sessions.end(
            tx, world.promised.session_id, reason="admin", now=world.clock.now(), source="gateway"
        )
    assert await world.apply(record(STOP, up=30, seconds=9)) == [Outcome.LATE]
    session = await world.session()
    assert (session.up_bytes, session.end_reason) == (30, "admin")


async def test_quota_ends_the_session(world):
    outcomes = await world.apply(
        record(START, session=world.promised), record(INTERIM, up=1_000_000, seconds=5)
    )
    assert outcomes == [Outcome.STARTED, Outcome.COUNTED]
    assert (await world.session()).end_reason == "quota"


async def test_a_nas_goes_on_with_an_ended_session(world):
    await world.apply(record(START, session=world.promised), record(STOP, seconds=1))
    assert await world.apply(record(INTERIM, up=5, seconds=60)) == [Outcome.LATE]


async def test_after_the_end_the_same_class_begins_another_session(world):
    await world.apply(record(START, session=world.promised), record(STOP))
    assert await world.apply(record(START, leg="B", session=world.promised)) == [Outcome.STARTED]
    async with world.db.reading() as tx:
        session = await sessions.find_open(tx, mac=MAC)
    assert session.id != world.promised.session_id


async def test_who_is_blocked_between_login_and_start_is_ended_at_the_nas(world):
    async with world.db.transaction() as tx:
        account_id = (await tx.get_one(Device, world.login.device_id)).account_id
        await world.directory.set_account_status(tx, account_id=account_id, status="blocked")
    assert await world.apply(record(START, session=world.promised)) == [Outcome.STARTED]
    session = await world.session()
    assert (session.end_reason, session.ended_at) == ("admin-reset", world.clock.now())
    async with world.db.reading() as tx:  # what the Disconnector goes by
        assert list(await list_sessions_to_disconnect(tx)) == [session.id]
    world.clock.advance(60)
    (interim,) = await world.store([record(INTERIM, up=10, seconds=60, session=world.promised)])
    assert interim.still_online


async def test_with_no_class_a_remembered_device_is_known_by_its_mac(world):
    assert await world.apply(record(START)) == [Outcome.STARTED]
    async with world.db.reading() as tx:
        session = await sessions.find_open(tx, mac=MAC)
    assert session.method == "radius-mab"
    world.clock.advance(100_000)
    assert await world.apply(record(START, leg="B", mac="02:00:00:00:00:09")) == [Outcome.UNKNOWN_SESSION]


async def test_with_no_class_a_credential_names_its_device(world):
    now = world.clock.now()
    async with world.db.transaction() as tx:
        issued = await world.directory.issue_credential(
            tx, device_id=world.login.device_id, now=now, valid_s=60
        )
    other = "02:00:00:00:00:77"
    nobody = replace(record(START, mac=other), username="nobody")
    named = replace(record(START, mac=other), username=issued.username)
    assert await world.apply(nobody, named) == [Outcome.UNKNOWN_SESSION, Outcome.STARTED]
    async with world.db.reading() as tx:
        session = await sessions.find_open(tx, mac=other)
    assert (session.device_id, session.method) == (world.login.device_id, "radius-pap")


async def test_a_remembered_device_stays_no_longer_than_it_is_remembered(world):
    async with world.db.transaction() as tx:
        until = world.clock.now() + timedelta(seconds=60)
        await world.directory.remember(tx, device_id=world.login.device_id, until=until)
    await world.apply(record(START))
    async with world.db.reading() as tx:
        assert (await sessions.find_open(tx, mac=MAC)).expires_at == until


async def test_a_restart_ends_only_what_is_nowhere_else(world):
    await world.apply(
        record(START, session=world.promised),
        record(START, leg="B", session=world.promised, address="192.0.2.2"),
    )
    on = AcctStatusType.ACCOUNTING_ON
    assert await world.apply(record(on, leg="")) == [Outcome.RESTARTED]
    assert (await world.session()).ended_at is None
    await world.apply(record(on, leg="", address="192.0.2.2"))
    assert (await world.session()).end_reason == "nas-restart"
    assert await world.apply(record(STOP)) == [Outcome.REPEATED]


async def test_an_access_point_that_restarts_ends_nothing_of_others_behind_the_same_address(world):
    await add_places(world.db)
    first, second = [mac_of(await add_ap(world.db, 16 * number, connected=True)) for number in range(2)]
    on = AcctStatusType.ACCOUNTING_ON
    await world.apply(record(START, session=world.promised, called=first))
    assert await world.apply(record(on, leg="", called=second)) == [Outcome.RESTARTED]
    assert (await world.session()).ended_at is None
    await world.apply(record(on, leg="", called=first))
    assert (await world.session()).end_reason == "nas-restart"


@pytest.mark.parametrize("called", [None, "02:aa:00:00:00:01"])
async def test_a_restart_of_nobody_known_is_one_of_the_address(world, called):
    await add_places(world.db)
    serial = await add_ap(world.db, 0, connected=True)
    await world.apply(record(START, session=world.promised, called=mac_of(serial)))
    await world.apply(record(AcctStatusType.ACCOUNTING_OFF, leg="", called=called))
    assert (await world.session()).end_reason == "nas-restart"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [(1, "left"), (2, "lost-carrier"), (4, "idle"), (5, "expired"), (6, "admin"), (99, "left")],
)
async def test_causes_become_reasons(world, cause, reason):
    await world.apply(record(START, session=world.promised), record(STOP, cause=cause))
    assert (await world.session()).end_reason == reason
    async with world.db.reading() as tx:
        known = await world.directory.find_known_device(tx, mac=MAC, now=world.clock.now())
    assert known is not None  # leaving the radio is no logout


async def test_batches_logins_and_logouts_do_not_lock_each_other_out(world):
    """PostgreSQL ends one of two transactions that wait for each other; nobody may come to that."""
    now = world.clock.now()
    macs = [f"02:00:00:00:03:{number:02x}" for number in range(6)]
    logins = {}
    async with world.db.transaction() as tx:
        for number, mac in enumerate(macs):
            phone = f"+7916000000{number // 3}"  # three devices an account
            logins[mac] = await world.directory.login_phone(tx, phone=phone, mac=mac, now=now)

    async def batch(number):
        order = macs[number:] + macs[:number]
        records = [
            record(
                kind, leg=f"{number}-{mac}", mac=mac, up=up, seconds=up,
                session=SessionClass(new_id(), logins[mac].device_id, "radius-pap"),
            )
            for mac in order
            for kind, up in ((START, 0), (INTERIM, 10), (STOP, 20))[: 2 + number % 2]
        ]  # fmt: skip
        return await world.store(records)

    async def log_in(number):
        mac = macs[number]
        async with world.db.transaction() as tx:
            login = await world.directory.login_phone(tx, phone=f"+7916000000{number // 3}", mac=mac, now=now)
            request = sessions.StartSession(
                mac, "", "gw", login.account_id, login.device_id, login.plan, "sms"
            )
            await sessions.start(tx, request, now)

    async def log_out(number):
        async with world.db.transaction() as tx:
            session = await sessions.find_open(tx, mac=macs[number])
            if session is not None:
                await sessions.end(tx, session.id, reason="user-request", now=now, source="gateway")

    async with asyncio.timeout(60):
        for _ in range(4):
            await asyncio.gather(*(work(number) for number in range(6) for work in (batch, log_in, log_out)))
    async with world.db.reading() as tx:
        for account_id in {login.account_id for login in logins.values()}:
            assert len(await sessions.list_sessions(tx, account_id=account_id, only_open=True)) <= 5


async def test_the_oldest_session_ends_beyond_the_plans_number_within_a_batch_too(world):
    async with world.db.transaction() as tx:
        plan = PlanView("two", "Two", 7200, 600, 86_400, 300, None, None, None, 2)
        await world.directory.save_plan(tx, plan)
        macs = [f"02:00:00:00:04:{number:02x}" for number in range(3)]
        devices = []
        for mac in macs:
            login = await world.directory.login_phone(
                tx, phone="+79161230000", mac=mac, now=world.clock.now()
            )
            devices.append(SessionClass(new_id(), login.device_id, "radius-pap"))
        await tx.execute(sa.update(Account).where(Account.id == login.account_id).values(plan_id="two"))
    at = world.clock.now()
    async with world.db.transaction() as tx:
        await world.accountant.apply(
            tx,
            [
                Received(record(START, leg=mac, mac=mac, session=one), at + timedelta(seconds=number))
                for number, (mac, one) in enumerate(zip(macs, devices, strict=True))
            ],
        )
    reasons = [(await world.session(one.session_id)).end_reason for one in devices]
    assert reasons == ["simultaneous-use", "", ""]
