"""`kolco radius psk` on a real database, and the keys it issues asked for by an access point."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from controller.cli.radius import app
from controller.core.errors import InvalidInputError, NotFoundError
from tests.eventually import eventually
from tests.integration.radius.asking import MAC
from tests.integration.radius.conftest import device, radius  # noqa: F401
from tests.integration.radius.eap.conftest import database_url  # noqa: F401

ASK = 'User-Name="020000000001",User-Password="020000000001",Calling-Station-Id="02-00-00-00-00-01"'
ASK += ',Called-Station-Id="00-10-A4-23-19-C0:Dom-25",Message-Authenticator=0x00\n'


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius psk …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, ["psk", *arguments])

    return run


async def test_a_key_opens_the_network_until_it_is_revoked(kolco, device, radius):  # noqa: F811
    issued = await kolco("issue", "--mac", MAC, "--ssid", "Dom-25", "-o", "json")
    assert issued.exit_code == 0, issued.output
    key = json.loads(issued.stdout)
    said = []

    async def is_told():
        said.append(await radius.ask("auth", ASK))
        return f'Tunnel-Password:0 = "{key["passphrase"]}"' in said[-1]

    await eventually(is_told)
    assert "Access-Accept" in said[-1]
    revoked = await kolco("revoke", key["username"], "--yes")
    assert revoked.stdout == f"network key/{key['username']} revoked\n"

    async def is_refused():
        return key["passphrase"] not in await radius.ask("auth", ASK)

    await eventually(is_refused)


async def test_keys_are_listed_without_their_passphrases(kolco, device):  # noqa: F811
    bound = await kolco("issue", "--mac", MAC, "--ssid", "Dom-25", "--days", "30")
    assert "shown this once" in bound.stderr
    await kolco("issue", "--mac", MAC, "--ssid", "Dom-26", "--any-device")
    assert (await kolco("list", "--mac", MAC)).stdout.count("valid") == 2
    (row,) = json.loads((await kolco("list", "--ssid", "Dom-26", "-o", "json")).stdout)
    assert (row["mac"], row["revoked_at"]) == (None, None)
    assert "passphrase" not in row


async def test_mistakes_are_explained(kolco):
    for arguments, error in (
        (("issue", "--mac", MAC, "--ssid", "Dom-25"), NotFoundError),
        (("revoke", "d-none", "--yes"), NotFoundError),
        (("list",), InvalidInputError),
    ):
        assert isinstance((await kolco(*arguments)).exception, error)
