"""`kolco account` as a process: no number is ever shown whole."""

import pytest

from controller.directory.service import Directory
from tests.factories.people import MAC, PHONE, make_citizen


@pytest.fixture
async def account(kolco) -> str:
    now = kolco.runtime.clock.now()
    return (await make_citizen(kolco.db, Directory(kolco.runtime.secrets), now=now)).account_id


async def test_list_show_and_block(kolco, account):
    for done in (
        await kolco("account", "list"),
        await kolco("account", "list", "--phone", PHONE),
        await kolco("account", "show", account),
        await kolco("account", "show", account, "-o", "json"),
    ):
        assert account in done.out
        assert "phone +79•••••••67" in done.out
        assert PHONE[3:9] not in done.out
    assert MAC in (await kolco("account", "show", account)).out
    assert (await kolco("account", "list", "--phone", "+79990000000", "-o", "json")).json == []
    assert "--yes" in (await kolco("account", "block", account, code=2)).err
    assert (
        await kolco("account", "block", account, "--dry-run")
    ).out == f"account/{account} blocked (dry run)\n"
    await kolco("account", "block", account, "--yes")
    assert (await kolco("account", "list", "-o", "json")).json[0]["status"] == "blocked"
    await kolco("account", "unblock", account)
    assert (await kolco("account", "list", "-o", "json")).json[0]["status"] == "active"
    await kolco("account", "show", "nobody", code=3)
