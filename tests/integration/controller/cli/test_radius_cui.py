"""`kolco radius cui` on a real database."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from controller.cli.radius import app
from controller.core.errors import NotFoundError
from tests.integration.radius.conftest import device  # noqa: F401


@pytest.fixture
def kolco(runtime, monkeypatch):
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, ["cui", *arguments])

    return run


async def test_an_identity_is_shown_and_reset(kolco, device):  # noqa: F811
    login, _, _ = device

    async def shown(*options):
        result = await kolco("show", login.account_id, "-o", "json", *options)
        return json.loads(result.stdout)["cui"]

    own, metro = await shown(), await shown("--operator", "1metro.example")
    assert own != metro
    assert own == await shown()
    assert (await kolco("reset", login.account_id)).exit_code == 0
    assert len({own, metro, await shown(), await shown("--operator", "1metro.example")}) == 4
    assert isinstance((await kolco("reset", "nobody")).exception, NotFoundError)
