"""Sessions over HTTP, on both databases."""

import pytest

from controller.directory.service import Directory
from controller.sessions import service
from controller.sessions.types import StartSession
from tests.factories.people import MAC, make_citizen


@pytest.fixture
async def session(api):
    now = api.runtime.clock.now()
    directory = Directory(api.runtime.secrets)
    login = await make_citizen(api.runtime.db, directory, now=now)
    async with api.runtime.db.transaction() as tx:
        request = StartSession(MAC, "10.77.0.5", "gw-1", login.account_id, login.device_id, login.plan, "sms")
        return await service.start(tx, request, now)


async def test_list_and_show(api, session):
    [row] = (await api.call("GET", "/sessions"))["items"]
    assert (row["id"], row["mac"], row["ip"], row["method"]) == (session.id, MAC, "10.77.0.5", "sms")
    assert 86_300 < row["seconds_remaining"] <= 86_400
    assert (await api.call("GET", "/sessions?gateway=other"))["items"] == []
    shown = await api.call("GET", f"/sessions/{session.id}")
    assert [record["kind"] for record in shown["accounting"]] == ["start"]
    await api.call("GET", "/sessions/nope", 404)


async def test_viewers_see_no_whole_address(api, session):
    viewer = await api.as_role("viewer")
    [row] = (await viewer.call("GET", "/sessions"))["items"]
    assert (row["mac"], row["ip"]) == ("02:00:00:••:••:••", "")
    await viewer.call("POST", f"/sessions/{session.id}/end", 403)


async def test_end_forgets_the_device(api, session):
    directory = Directory(api.runtime.secrets)
    await api.call("POST", f"/sessions/{session.id}/end?dry_run=true")
    assert (await api.call("GET", f"/sessions/{session.id}"))["ended_at"] is None
    row = await api.call("POST", f"/sessions/{session.id}/end")
    assert row["end_reason"] == "admin-reset"
    async with api.runtime.db.reading() as tx:
        now = api.runtime.clock.now()
        assert await directory.find_known_device(tx, mac=MAC, now=now) is None
    assert (await api.call("GET", "/sessions"))["items"] == []
    assert len((await api.call("GET", "/sessions?open=false"))["items"]) == 1
    await api.call("POST", f"/sessions/{session.id}/end")
    log = (await api.call("GET", "/audit?object_type=session"))["items"]
    assert [(entry["action"], entry["object_id"]) for entry in log] == [("ended", session.id)]
    assert MAC not in str(log)


async def test_end_without_forgetting(api, session):
    await api.call("POST", f"/sessions/{session.id}/end", json={"forget": False})
    async with api.runtime.db.reading() as tx:
        known = await Directory(api.runtime.secrets).find_known_device(
            tx, mac=MAC, now=api.runtime.clock.now()
        )
    assert known is not None
