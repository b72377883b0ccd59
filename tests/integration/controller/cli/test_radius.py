"""`kolco radius` on a real database and against the real daemon."""

import asyncio
import json
import threading

import pytest
from typer.testing import CliRunner

from controller.cli import radius as module
from controller.cli.radius import app
from controller.core.errors import InvalidInputError, NotFoundError, UnavailableError
from radius.watch import read_snapshot
from tests.integration.radius.asking import MAC
from tests.integration.radius.conftest import device, radius  # noqa: F401


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    return run


async def test_mistakes_are_explained(kolco):
    for arguments, error in (
        (("test", "status"), InvalidInputError),
        (("test", "status", "--nas", "none"), NotFoundError),
        (("explain",), InvalidInputError),
    ):
        assert isinstance((await kolco(*arguments)).exception, error)


async def test_try_a_server(kolco, radius, device):  # noqa: F811
    await radius.in_step()
    server = ("--nas", "lo", "--port", str(radius.auth_port), "--timeout", "0.2")
    alive = await kolco("test", "status", *server)
    assert alive.exit_code == 0
    assert "Access-Accept" in alive.stdout
    accepted = await kolco("test", "mab", "--mac", MAC, "-o", "json", *server)
    answer = json.loads(accepted.stdout)
    assert (accepted.exit_code, answer["answer"]) == (0, "Access-Accept")
    assert {"name": "Session-Timeout", "value": "7200"} in answer["attributes"]
    refused = await kolco("test", "pap", "--username", "u", "--password", "p", *server)
    assert refused.exit_code == 1
    assert "Access-Reject" in refused.stdout
    assert "kolco radius explain --username u --last" in refused.stderr
    silent = await kolco("test", "status", *server[2:], "--secret", "another secret here")
    assert isinstance(silent.exception, UnavailableError)


async def test_watch_shows_what_happens(kolco, radius, device, monkeypatch):  # noqa: F811
    looked = threading.Event()

    def look(url):
        snapshot = read_snapshot(url)
        looked.set()
        return snapshot

    monkeypatch.setattr(module, "read_snapshot", look)
    url = f"http://127.0.0.1:{radius.admin_port}"
    watching = asyncio.create_task(
        kolco("watch", "--url", url, "--interval", "0.5", "--count", "1", "-o", "json")
    )
    await asyncio.to_thread(looked.wait, 10)
    await kolco("test", "mab", "--mac", "02:00:00:00:00:09", "--nas", "lo", "--port", str(radius.auth_port))
    result = await watching
    assert result.exit_code == 0
    listed = await kolco("watch", "--url", url, "--interval", "0.1", "--count", "1", "--all")
    assert "unknown-device" in listed.stdout
    away = await kolco("watch", "--url", "http://127.0.0.1:9", "--count", "1")
    assert isinstance(away.exception, UnavailableError)
