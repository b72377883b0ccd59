"""`kolco radius nas` on a real database."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from controller.audit import service as audit
from controller.cli.radius import app
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError


@pytest.fixture
def kolco(runtime, monkeypatch):
    """Run `kolco radius …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)

    async def run(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    return run


async def test_nas_are_added_listed_and_removed(kolco):
    added = await kolco("nas", "add", "ring", "10.20.0.0/16", "--name", "Кольцо")
    assert (added.exit_code, added.stdout) == (0, "nas/ring added\n")
    assert "shown this once" in added.stderr
    listed = await kolco("nas", "list", "-o", "json")
    (nas,) = json.loads(listed.stdout)
    assert (nas["id"], nas["name"], nas["cidr"], nas["enabled"]) == ("ring", "Кольцо", "10.20.0.0/16", True)
    assert "secret" not in nas
    assert "SIGNED-ONLY" in (await kolco("nas", "list")).stdout
    assert (await kolco("nas", "remove", "ring", "--yes")).stdout == "nas/ring removed\n"
    assert json.loads((await kolco("nas", "list", "-o", "json")).stdout) == []


async def test_mistakes_are_explained(kolco):
    await kolco("nas", "add", "ring", "10.20.0.0/16")
    for arguments, error in (
        (("nas", "add", "ring", "10.21.0.0/16"), ConflictError),
        (("nas", "add", "other", "10.20.0.0/16"), ConflictError),
        (("nas", "add", "other", "10.20.0.1/16"), InvalidInputError),
        (("nas", "remove", "none", "--yes"), NotFoundError),
        (("nas", "rotate", "none"), NotFoundError),
        (("nas", "set", "ring"), InvalidInputError),
        (("nas", "set", "ring", "--cidr", "10.20.0.1/16"), InvalidInputError),
        (("nas", "set", "ring", "--site", "nowhere"), NotFoundError),
        (("nas", "add", "other", "10.21.0.0/16", "--site", "nowhere"), NotFoundError),
    ):
        assert isinstance((await kolco(*arguments)).exception, error)


async def test_how_a_nas_is_answered_is_said_and_changed(kolco):
    await kolco("nas", "add", "ring", "10.20.0.0/16", "--vendor", "mikrotik")
    await kolco("nas", "set", "ring", "--cui", "always")
    (nas,) = json.loads((await kolco("nas", "list", "-o", "json")).stdout)
    assert (nas["vendor"], nas["cui"]) == ("mikrotik", "always")
    for wrong in (("set", "ring", "--vendor", "acme"), ("add", "two", "10.0.0.1", "--cui", "never again")):
        assert isinstance((await kolco("nas", *wrong)).exception, InvalidInputError)
    assert isinstance((await kolco("nas", "set", "none")).exception, NotFoundError)


async def test_a_nas_is_excused_moved_and_put_out_of_use(kolco):
    await kolco("nas", "add", "ring", "10.20.0.0/16", "--allow-unsigned")
    await kolco("nas", "add", "other", "10.21.0.0/16")
    changed = await kolco("nas", "set", "ring", "--no-allow-unsigned", "--disable", "--cidr", "10.22.0.0/16")
    assert changed.exit_code == 0, changed.output
    ring = json.loads((await kolco("nas", "list", "-o", "json")).stdout)[1]
    assert (ring["require_message_authenticator"], ring["enabled"], ring["cidr"]) == (
        True, False, "10.22.0.0/16",
    )  # fmt: skip
    taken = await kolco("nas", "set", "ring", "--cidr", "10.21.0.0/16")
    assert isinstance(taken.exception, ConflictError)


async def test_a_given_secret_is_not_shown(kolco):
    added = await kolco("nas", "add", "ring", "10.20.0.0/16", "--secret", "a secret given here")
    assert "a secret given here" not in added.output


async def test_a_secret_is_rotated(kolco):
    await kolco("nas", "add", "ring", "10.20.0.0/16")
    rotated = await kolco("nas", "rotate", "ring", "-o", "json")
    assert len(json.loads(rotated.stdout)["secret"]) == 32
    assert "shown this once" in (await kolco("nas", "rotate", "ring", "--window", "60")).stderr


async def test_changes_are_audited_without_secrets(kolco, runtime):
    await kolco("nas", "add", "ring", "10.20.0.0/16", "--secret", "a secret given here")
    await kolco("nas", "rotate", "ring")
    await kolco("nas", "remove", "ring", "--yes")
    async with runtime.db.reading() as tx:
        entries, total = await audit.list_entries(tx, object_type="nas", object_id="ring")
    assert [entry.action for entry in entries] == ["removed", "secret-rotated", "created"]
    assert total == 3
    assert "secret given" not in str(entries)
    assert entries[-1].detail == {"cidr": "10.20.0.0/16", "signed_only": True}


async def test_a_nas_may_come_by_radsec_only(kolco):
    added = await kolco("nas", "add", "metro", "--radsec-name", "Proxy.metro.example")
    assert (added.exit_code, added.stdout) == (0, "nas/metro added\n")
    assert "shown this once" not in added.stderr
    (nas,) = json.loads((await kolco("nas", "list", "-o", "json")).stdout)
    assert (nas["cidr"], nas["radsec_name"]) == ("", "proxy.metro.example")
    again = await kolco("nas", "add", "other", "--radsec-name", "proxy.metro.example")
    assert isinstance(again.exception, ConflictError)
    assert isinstance((await kolco("nas", "add", "none")).exception, InvalidInputError)
    assert isinstance(
        (await kolco("nas", "add", "none", "--radsec-name", "a b")).exception, InvalidInputError
    )
