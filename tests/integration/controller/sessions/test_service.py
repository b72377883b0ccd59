"""Sessions on both databases: each step accounted once and told to the others."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core import outbox
from controller.core.errors import NotFoundError
from controller.core.mac import Mac
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.sessions import service
from controller.sessions.types import StartSession, Usage
from tests.factories.people import MAC, PHONE, make_citizen

IP = "10.77.0.10"


@pytest.fixture
def directory(tmp_path):
    return Directory(SecretStore(tmp_path / "secrets"))


def request(login, **changes):
    fields = {
        "mac": MAC,
        "ip": IP,
        "gateway_id": "gw-1",
        "account_id": login.account_id,
        "device_id": login.device_id,
        "plan": login.plan,
        "method": "sms",
    }
    return StartSession(**(fields | changes))


async def begin(database, login, clock, **changes):
    async with database.transaction() as tx:
        return await service.start(tx, request(login, **changes), clock.now())


async def topics(database):
    async with database.reading() as tx:
        told = [row.topic for row in await outbox.newer(tx, 0, 100)]
    return [topic for topic in told if topic.startswith("session.")]


async def records(database, session_id):
    async with database.reading() as tx:
        return [(r.kind, r.up_bytes, r.down_bytes) for r in await service.list_records(tx, session_id)]


async def test_a_session_is_accounted_from_start_to_stop(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())
    session = await begin(database, login, clock)
    clock.advance(60)
    async with database.transaction() as tx:
        used = await service.use(tx, Usage(session.id, 100, 2000, 1, 2), source="gateway", now=clock.now())
        await service.interim(tx, session.id, source="gateway", now=clock.now())
        await service.interim(tx, session.id, source="gateway", now=clock.now())  # repeated: stored once
    assert (used.up_bytes, used.down_bytes, used.last_used_at) == (100, 2000, clock.now())
    clock.advance(60)
    async with database.transaction() as tx:
        ended = await service.end(tx, session.id, reason="user-request", now=clock.now(), source="gateway")
        assert await service.end(tx, session.id, reason="idle", now=clock.now(), source="gateway") is None
    assert ended.end_reason == "user-request"
    assert await records(database, session.id) == [
        ("start", 0, 0),
        ("interim", 100, 2000),
        ("stop", 100, 2000),
    ]
    assert await topics(database) == ["session.started", "session.ended"]


async def test_bytes_told_after_the_end_correct_the_stop_record(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())
    session = await begin(database, login, clock)
    async with database.transaction() as tx:
        await service.end(tx, session.id, reason="admin", now=clock.now(), source="gateway")
    async with database.transaction() as tx:
        await service.use(tx, Usage(session.id, 7, 11, 1, 1), source="gateway", now=clock.now())
    assert (await records(database, session.id))[-1] == ("stop", 7, 11)


async def test_a_rolled_back_start_leaves_no_trace(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())

    async def start_and_fail():
        async with database.transaction() as tx:
            await service.start(tx, request(login), clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await start_and_fail()
    async with database.reading() as tx:
        assert await service.find_open(tx, mac=MAC) is None
    assert await topics(database) == []


async def test_logging_in_again_replaces_the_open_session(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())
    first = await begin(database, login, clock)
    second = await begin(database, login, clock)
    async with database.reading() as tx:
        assert (await service.get(tx, first.id)).end_reason == "replaced"
        assert (await service.find_open(tx, mac=MAC)).id == second.id


async def test_the_oldest_session_ends_beyond_the_plans_number(database, directory, clock):
    sessions = []
    for number in range(3):
        mac = f"02:00:00:00:01:0{number}"
        login = await make_citizen(database, directory, now=clock.now(), mac=mac, simultaneous_use=2)
        sessions.append(await begin(database, login, clock, mac=mac))
        clock.advance(1)
    async with database.reading() as tx:
        reasons = [(await service.get(tx, session.id)).end_reason for session in sessions]
    assert reasons == ["simultaneous-use", "", ""]


async def test_a_session_ends_when_its_volume_is_used_up(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now(), quota_bytes=1000)
    session = await begin(database, login, clock)
    async with database.transaction() as tx:
        view = await service.use(tx, Usage(session.id, 400, 500, 1, 1), source="gateway", now=clock.now())
        assert (view.ended_at, view.bytes_remaining) == (None, 100)
        view = await service.use(tx, Usage(session.id, 0, 100, 0, 1), source="gateway", now=clock.now())
    assert view.end_reason == "quota"


async def test_time_and_idleness_end_sessions(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now(), session_timeout_s=100, idle_timeout_s=40)
    session = await begin(database, login, clock)
    clock.advance(39)
    async with database.transaction() as tx:
        assert await service.end_due(tx, now=clock.now()) == []
        await service.use(tx, Usage(session.id, 1, 1, 1, 1), source="gateway", now=clock.now())
    clock.advance(39)
    async with database.transaction() as tx:
        assert await service.end_due(tx, now=clock.now()) == []
    clock.advance(1)
    async with database.transaction() as tx:
        assert await service.end_due(tx, now=clock.now()) == [session.id]
        assert await service.end_due(tx, now=clock.now()) == []
    async with database.reading() as tx:
        assert (await service.get(tx, session.id)).end_reason == "idle"


async def test_a_known_device_moves_between_gateways_and_comes_back_without_a_page(
    database, directory, clock
):
    login = await make_citizen(database, directory, now=clock.now(), remember_s=1000)
    session = await begin(database, login, clock)

    async def resume(gateway_id, ip):
        async with database.transaction() as tx:
            return await service.resume_known(
                tx, mac=MAC, ip=ip, gateway_id=gateway_id, now=clock.now(), directory=directory
            )

    assert (await resume("gw-1", IP)).id == session.id
    moved = await resume("gw-2", "10.78.0.9")
    assert (moved.id, moved.gateway_id, moved.ip) == (session.id, "gw-2", "10.78.0.9")
    async with database.transaction() as tx:
        await service.end(tx, session.id, reason="idle", now=clock.now(), source="gateway")
    clock.advance(900)
    back = await resume("gw-1", IP)
    assert back.id != session.id
    assert back.method == "remembered"
    assert back.seconds_remaining(clock.now()) == 100  # then it has to log in again
    assert await topics(database) == ["session.started", "session.moved", "session.ended", "session.started"]
    async with database.transaction() as tx:
        await service.end(tx, back.id, reason="user-request", now=clock.now(), source="gateway")
    assert await resume("gw-1", IP) is None  # logged out: a page again


async def test_an_unknown_session_is_named_in_the_error(database, clock):
    with pytest.raises(NotFoundError, match="01NONE"):
        async with database.transaction() as tx:
            await service.end(tx, "01NONE", reason="admin", now=clock.now(), source="gateway")


async def test_starts_at_the_same_moment_keep_to_the_plans_number(database, directory, clock):
    macs = [Mac(f"02:00:00:00:01:{number:02x}") for number in range(6)]
    logins = [await make_citizen(database, directory, now=clock.now(), mac=mac) for mac in macs]
    plan = replace(logins[0].plan, simultaneous_use=2)
    await asyncio.gather(
        *(
            begin(database, login, clock, mac=mac, plan=plan)
            for _ in range(5)
            for mac, login in zip(macs, logins, strict=True)
        )
    )
    async with database.reading() as tx:
        assert len(await service.list_open(tx)) == 2


async def test_logins_logouts_and_returns_at_once_do_not_lock_each_other_out(database, directory, clock):
    """PostgreSQL ends one of two transactions that wait for each other; nobody may come to that."""
    macs = [Mac(f"02:00:00:00:02:{number:02x}") for number in range(3)]
    now = clock.now()

    async def log_in(mac):
        async with database.transaction() as tx:
            login = await directory.login_phone(tx, phone=PHONE, mac=mac, now=now)
            await service.start(tx, request(login, mac=mac), now)

    async def log_out(mac):
        async with database.transaction() as tx:
            session = await service.find_open(tx, mac=mac)
            if session is not None:
                await service.end(tx, session.id, reason="user-request", now=now, source="gateway")

    async def come_back(mac):
        async with database.transaction() as tx:  # its session has been idle for too long
            await service.resume_known(
                tx, mac=mac, ip=IP, gateway_id="gw-2", now=now + timedelta(hours=2), directory=directory
            )

    await make_citizen(database, directory, now=now)
    for _ in range(6):
        await asyncio.gather(*(work(mac) for mac in macs for work in (log_in, log_out, come_back, log_in)))
