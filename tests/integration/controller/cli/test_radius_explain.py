"""`kolco radius explain` on what a running daemon decided."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from controller.cli.radius import app
from controller.core.errors import InvalidInputError, NotFoundError
from controller.models import RadiusDecision
from radius.policy import service as policies
from tests.eventually import eventually
from tests.integration.radius.asking import MAC, mab, rows
from tests.integration.radius.conftest import device, radius  # noqa: F401

POLICY = """\
rule parks
    zone    not parks*
    ssid    Metro
    deny    elsewhere

rule slow
    method  mab
    allow
    down    1M

rule rest
    deny    no
"""


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius explain …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments, language="en"):
        command = ["explain", *arguments, *(("--lang", language) if language else ())]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    return run


async def put(runtime, text):
    async with runtime.db.transaction() as tx:
        await policies.apply_text(tx, text, by="somebody", now=datetime.now(UTC))


async def kept(runtime, count):
    async def there():
        return len(await rows(runtime, RadiusDecision)) >= count

    await eventually(there)


def ids(result):
    return [step["id"] for step in json.loads(result.stdout)]


async def test_what_would_be_decided_now(kolco, device, runtime):  # noqa: F811
    await put(runtime, POLICY)
    known = await kolco("--mac", MAC, "-o", "json")
    assert known.exit_code == 0
    assert ids(known) == [
        "nas-unnamed", "method-known", "device-known", "account-active", "remembered-until", "place-not-told",
        "rule-not-known", "rule-matches", "policy-rest", "time-left", "quota-none",
        *["attribute"] * 4, "answer-accept",
    ]  # fmt: skip
    table = await kolco("--mac", MAC)
    assert "slow decides: allow, down 1M" in table.stdout
    assert "WISPr-Bandwidth-Max-Down = 1000000" in table.stdout
    denied = await kolco("--mac", MAC, "--called", "02-aa-bb-cc-dd-ee:Metro")
    assert denied.exit_code == 1
    assert "parks decides: deny elsewhere" in denied.stdout
    assert "refused by a rule" in denied.stdout
    russian = await kolco("--mac", MAC, language="ru")
    assert "slow решает: allow, down 1M" in russian.stdout


async def test_strangers_and_wrong_passwords(kolco, device):  # noqa: F811
    stranger = await kolco("--mac", "02:00:00:00:00:09")
    assert stranger.exit_code == 1
    assert "never logged in" in stranger.stdout
    _, username, password = device
    wrong = await kolco("--username", username, "--password", "wrong", "-o", "json")
    assert (wrong.exit_code, ids(wrong)[-1]) == (1, "refusal-wrong-credential")
    assert (await kolco("--username", username, "--password", password)).exit_code == 0


async def test_what_was_decided_is_told_by_the_rules_of_that_time(kolco, radius, device):  # noqa: F811
    runtime = radius.runtime
    await put(runtime, POLICY)

    async def slowed():
        return "Max-Down = 1000000" in await radius.ask("auth", mab())

    await eventually(slowed)
    await put(runtime, "")
    seen = len(await rows(runtime, RadiusDecision))
    await radius.ask("auth", mab(mac="02:00:00:00:00:09"))
    await kept(runtime, max(2, seen))
    listed = await kolco("--mac", MAC, "--since", "2020-01-01", "-o", "json")
    decisions = json.loads(listed.stdout)
    assert decisions[0]["outcome"] == "accept"
    slow = next(one for one in decisions if one["rule"] == "slow")
    then = datetime.fromisoformat(slow["at"]) + timedelta(seconds=1)
    past = await kolco("--mac", MAC, "--at", then.isoformat(), "-o", "json")
    assert past.exit_code == 0
    steps = json.loads(past.stdout)
    assert [step["id"] for step in steps][:9] == [
        "nas-known", "signed", "method-known", "device-proved", "account-known", "place-unknown",
        "policy-revision", "rule-not", "rule-matches",
    ]  # fmt: skip
    assert "127.0.0.1" in steps[0]["detail"]
    assert any("WISPr-Bandwidth-Max-Down = 1000000" in step["detail"] for step in steps)
    assert not any(word in past.stdout for word in (MAC, MAC.replace(":", ""), "+79161234567"))


async def test_a_refusal_of_the_past(kolco, radius, device):  # noqa: F811
    await radius.ask("auth", mab(mac="02:00:00:00:00:09"))
    await kept(radius.runtime, 1)
    refused = await kolco("--mac", "02:00:00:00:00:09", "--last", language="ru")
    assert refused.exit_code == 1
    assert "отказ: устройство мы не помним" in refused.stdout


async def test_a_credential_is_found_by_its_name(kolco, radius, device):  # noqa: F811
    _, username, _ = device
    wrong = f'User-Name="{username}",User-Password="wrong",Message-Authenticator=0x00\n'
    await radius.ask("auth", wrong)
    await kept(radius.runtime, 1)
    refused = await kolco("--username", username, "--last", "-o", "json")
    assert (refused.exit_code, ids(refused)[-1]) == (1, "refusal-wrong-credential")
    assert (
        json.loads((await kolco("--username", "d-none", "--since", "2020-01-01", "-o", "json")).stdout) == []
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), InvalidInputError),
        (("--mac", MAC, "--username", "u"), InvalidInputError),
        (("--mac", MAC, "--last", "--since", "2020-01-01"), InvalidInputError),
        (("--mac", MAC, "--at", "noon"), InvalidInputError),
        (("--mac", MAC, "--last"), NotFoundError),
        (("--mac", MAC, "--nas", "none"), NotFoundError),
    ],
)
async def test_mistakes_are_explained(kolco, arguments, error):
    assert isinstance((await kolco(*arguments)).exception, error)
