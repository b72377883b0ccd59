"""`kolco session` as a process."""

import pytest

from controller.directory.service import Directory
from controller.sessions import service
from controller.sessions.types import StartSession
from tests.factories.people import MAC, make_citizen


@pytest.fixture
async def session(kolco):
    now = kolco.runtime.clock.now()
    login = await make_citizen(kolco.db, Directory(kolco.runtime.secrets), now=now)
    async with kolco.db.transaction() as tx:
        request = StartSession(MAC, "10.77.0.5", "gw-1", login.account_id, login.device_id, login.plan, "sms")
        return await service.start(tx, request, now)


async def test_list_show_and_end(kolco, session):
    lines = (await kolco("session", "list")).out.splitlines()
    assert lines[0].split() == ["NAME", "MAC", "IP", "GATEWAY", "METHOD", "DOWN", "UP", "AGE"]
    assert lines[1].split()[:5] == [session.id, MAC, "10.77.0.5", "gw-1", "sms"]
    assert (await kolco("session", "list", "--gateway", "other", "-o", "json")).json == []
    shown = await kolco("session", "show", session.id)
    assert "start" in shown.out
    assert "--yes" in (await kolco("session", "end", session.id, code=2)).err
    assert (await kolco("session", "end", session.id, "--yes")).out == f"session/{session.id} ended\n"
    assert (await kolco("session", "list", "-o", "name")).out == ""
    [row] = (await kolco("session", "list", "--all", "-o", "json")).json
    assert row["end_reason"] == "admin-reset"
    await kolco("session", "show", "nope", code=3)
