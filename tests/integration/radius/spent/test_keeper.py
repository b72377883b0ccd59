"""Volumes of days and months in a real database."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from controller.core.mac import parse_mac
from controller.directory.service import Directory
from controller.models import NetSession, OutboxRow, Plan
from controller.sessions import service as sessions
from controller.sessions.types import StartSession, Usage
from radius.spent.keeper import SpentKeeper
from radius.spent.registry import SpentRegistry
from tests.fakes.clock import FakeClock
from tests.integration.radius.asking import MAC, rows

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = 1_000


@pytest.fixture
def clock():
    return FakeClock(NOON)


@pytest.fixture
async def online(runtime):
    """Start a session of one account on another device; gives its id and the account's."""
    async with runtime.db.transaction() as tx:
        tx.add(Plan(id="city", name="City", session_timeout_s=864_000, daily_quota_bytes=DAY))

    async def start(now, mac=MAC):
        async with runtime.db.transaction() as tx:
            login = await Directory(runtime.secrets).login_phone(
                tx, phone="+79161234567", mac=parse_mac(mac), now=now
            )
            request = StartSession(
                parse_mac(mac), "", None, login.account_id, login.device_id, login.plan, "radius-mab"
            )
            session = await sessions.start(tx, request, now, source="radius")
        return session.id, login.account_id

    return start


async def use(runtime, session_id, octets, now):
    async with runtime.db.transaction() as tx:
        await sessions.use(tx, Usage(session_id, octets, 0, 1, 0), source="radius", now=now)
        await sessions.interim(tx, session_id, source="radius", now=now)


async def test_a_volume_that_is_used_up_ends_sessions_until_the_day_is_over(runtime, online, clock):
    keeper, registry = SpentKeeper(runtime.db, clock, UTC), SpentRegistry(runtime.db)
    first, account_id = await online(NOON)
    second, _ = await online(NOON, "02:00:00:00:00:02")
    await use(runtime, first, DAY // 2, NOON)
    await use(runtime, second, DAY // 2 - 1, NOON)
    assert await keeper.look() == 0
    await use(runtime, second, 1, NOON)
    assert await keeper.look() == 1
    assert {one.end_reason for one in await rows(runtime, NetSession)} == {"quota"}
    topics = [row.topic for row in await rows(runtime, OutboxRow)]
    assert topics.count("radius.spent_changed") == 1
    registry.take(await registry.read())
    midnight = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
    assert (len(registry), registry.is_spent(account_id, midnight - 1)) == (1, True)
    assert not registry.is_spent(account_id, midnight)
    assert not registry.is_spent("another", midnight - 1)
    assert await keeper.look() == 0
    clock.advance(12 * 3600)
    assert await keeper.look() == 1
    registry.take(await registry.read())
    assert len(registry) == 0


async def test_what_was_used_yesterday_is_yesterdays(runtime, online, clock):
    keeper = SpentKeeper(runtime.db, clock, UTC)
    session_id, _ = await online(NOON - timedelta(hours=20))
    await use(runtime, session_id, DAY - 1, NOON - timedelta(hours=13))
    await use(runtime, session_id, DAY - 1, NOON)
    assert await keeper.look() == 0
    await use(runtime, session_id, 1, NOON)
    assert await keeper.look() == 1


async def test_a_larger_volume_frees_an_account_at_once(runtime, online, clock):
    keeper = SpentKeeper(runtime.db, clock, UTC)
    session_id, _ = await online(NOON)
    await use(runtime, session_id, DAY, NOON)
    assert await keeper.look() == 1
    async with runtime.db.transaction() as tx:
        await tx.execute(sa.update(Plan).values(daily_quota_bytes=2 * DAY))
    assert await keeper.look() == 1
    assert await keeper.look() == 0


async def test_a_nas_that_tells_impossible_volumes_does_not_stop_the_count_of_all_others(
    runtime, online, clock
):
    keeper = SpentKeeper(runtime.db, clock, UTC)
    wild, _ = await online(NOON)
    second, _ = await online(NOON, "02:00:00:00:00:02")
    async with runtime.db.transaction() as tx:
        most = {"up_bytes": 2**63 - 1, "down_bytes": 2**63 - 1}
        await tx.execute(sa.update(NetSession).where(NetSession.id.in_([wild, second])).values(most))
    assert await keeper.look() == 1
