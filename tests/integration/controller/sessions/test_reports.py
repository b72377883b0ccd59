"""Many sessions' usage at once, beside the same told one by one."""

from datetime import timedelta

import pytest

from controller.core.ids import new_id
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.sessions import reports, service
from controller.sessions.types import StartSession, Usage

PLAN = PlanView("city", "City", 86_400, 3_600, 86_400, 300, None, None, 1_000, 5)


@pytest.fixture
async def opened(database, tmp_path, clock):
    """Ids of three open sessions."""
    directory = Directory(SecretStore(tmp_path / "secrets"))
    ids = []
    async with database.transaction() as tx:
        await directory.save_plan(tx, PLAN)
        for number in range(3):
            mac = f"02:00:00:00:00:0{number}"
            login = await directory.login_phone(tx, phone=f"+791612345{number:02}", mac=mac, now=clock.now())
            request = StartSession(mac, "", None, login.account_id, login.device_id, PLAN, "sms")
            ids.append((await service.start(tx, request, clock.now())).id)
    return ids


def used(session_id, up, down=0):
    return Usage(session_id, up, down, int(up > 0), 0)


async def test_it_is_the_same_as_one_by_one(database, opened, clock):
    clock.advance(60)
    async with database.transaction() as tx:
        await service.use(tx, used(opened[0], 10, 20), source="radius", now=clock.now())
        await service.interim(tx, opened[0], source="radius", now=clock.now())
        await reports.report(
            tx, [used(opened[1], 10, 20), used(opened[2], 0)], source="radius", now=clock.now()
        )
    async with database.reading() as tx:
        found = {session_id: await service.get(tx, session_id) for session_id in opened}
        alone, together, idle = found.values()
        assert (together.up_bytes, together.down_bytes) == (alone.up_bytes, alone.down_bytes) == (10, 20)
        assert together.last_used_at == alone.last_used_at == clock.now()
        assert idle.last_used_at == clock.now() - timedelta(seconds=60)
        for session_id in opened:
            start, interim = await service.list_records(tx, session_id)
            assert (start.kind, interim.kind, interim.source) == ("start", "interim", "radius")
            assert (interim.session_time_s, interim.up_bytes) == (60, found[session_id].up_bytes)


async def test_used_up_volume_ends_a_session_and_later_usage_is_left_out(database, opened, clock):
    async with database.transaction() as tx:
        usages = [used(opened[0], 400), used(opened[0], 600), used(opened[1], 999), used(new_id(), 1)]
        await reports.report(tx, usages, source="gateway", now=clock.now())
    async with database.transaction() as tx:
        assert (await service.get(tx, opened[0])).end_reason == "quota"
        assert (await service.get(tx, opened[1])).ended_at is None
        await reports.report(tx, [used(opened[0], 1)], source="gateway", now=clock.now())
        assert (await service.get(tx, opened[0])).up_bytes == 1000


async def test_nothing_told_is_nothing_done(database):
    async with database.transaction() as tx:
        await reports.report(tx, [], source="gateway", now=None)
