"""`kolco radius realm` and what it needs of `kolco radius home`, on a real database."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from controller.audit import service as audit
from controller.cli.radius import app
from controller.core.errors import ConflictError, NotFoundError


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    return run


async def test_a_realm_is_set_listed_and_removed(kolco, runtime):
    assert isinstance((await kolco("realm", "set", "a.example", "metro")).exception, NotFoundError)
    added = await kolco("home", "add", "metro", "aaa.metro.example", "--protocol", "radsec")
    assert (added.exit_code, added.stdout) == (0, "home/metro added\n")
    assert (await kolco("realm", "set", "*.A.example", "metro")).stdout == "realm/*.a.example set\n"
    await kolco("realm", "set", "ours.example")
    shown = (await kolco("realm", "list")).stdout
    assert "*.a.example" in shown
    assert "here" in shown
    assert isinstance((await kolco("home", "remove", "metro", "--yes")).exception, ConflictError)
    assert (await kolco("realm", "remove", "*.a.example", "--yes")).exit_code == 0
    rows = json.loads((await kolco("realm", "list", "-o", "json")).stdout)
    assert [row["pattern"] for row in rows] == ["ours.example"]
    async with runtime.db.reading() as tx:
        entries, _ = await audit.list_entries(tx, object_type="realm", object_id="*.a.example")
    assert [entry.action for entry in entries] == ["removed", "set"]
