"""Accounts over HTTP, on both databases: phone numbers stay masked."""

import pytest

from controller.core.errors import DeniedError
from controller.directory.service import Directory
from controller.sessions import service
from controller.sessions.types import StartSession
from tests.factories.people import MAC, PHONE, make_citizen


@pytest.fixture
async def login(api):
    now = api.runtime.clock.now()
    login = await make_citizen(api.runtime.db, Directory(api.runtime.secrets), now=now)
    async with api.runtime.db.transaction() as tx:
        request = StartSession(MAC, "10.77.0.5", "gw-1", login.account_id, login.device_id, login.plan, "sms")
        await service.start(tx, request, now)
    return login


async def test_no_answer_holds_the_number(api, login):
    listed = await api.http.get("/accounts")
    shown = await api.http.get(f"/accounts/{login.account_id}")
    found = await api.http.post("/accounts/search", json={"phone": PHONE})
    for answer in (listed, shown, found):
        assert answer.status_code == 200
        assert PHONE not in answer.text
        assert PHONE[3:9] not in answer.text
        assert "phone +79•••••••67" in answer.text
    assert [row["id"] for row in found.json()["items"]] == [login.account_id]
    details = shown.json()
    assert [device["mac"] for device in details["devices"]] == [MAC]
    assert len(details["open_sessions"]) == 1
    assert PHONE not in (await api.http.get("/audit")).text


async def test_search(api, login):
    assert (await api.call("POST", "/accounts/search", json={"phone": "+79990000000"}))["items"] == []
    await api.call("POST", "/accounts/search", 422, json={"phone": "9991234567"})
    viewer = await api.as_role("viewer")
    await viewer.call("POST", "/accounts/search", 403, json={"phone": PHONE})
    details = await viewer.call("GET", f"/accounts/{login.account_id}")
    assert details["devices"][0]["mac"] == "02:00:00:••:••:••"


async def test_block_throws_off_and_keeps_out(api, login):
    path = f"/accounts/{login.account_id}"
    await api.call("POST", f"{path}/block?dry_run=true")
    assert (await api.call("GET", path))["account"]["status"] == "active"
    assert (await api.call("POST", f"{path}/block"))["status"] == "blocked"
    assert (await api.call("GET", path))["open_sessions"] == []
    directory, now = Directory(api.runtime.secrets), api.runtime.clock.now()
    with pytest.raises(DeniedError):
        async with api.runtime.db.transaction() as tx:
            await directory.login_phone(tx, phone=PHONE, mac=MAC, now=now)
    await api.call("POST", f"{path}/block")
    assert (await api.call("POST", f"{path}/unblock"))["status"] == "active"
    log = (await api.call("GET", "/audit?object_type=account"))["items"]
    assert [entry["action"] for entry in log] == ["unblocked", "blocked"]
    await api.call("POST", "/accounts/nobody/block", 404)
