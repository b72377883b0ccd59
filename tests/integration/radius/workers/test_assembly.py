"""What answers, put together in this process."""

import asyncio

import pytest

from controller.core.errors import InvalidInputError
from radius.settings import RadiusSettings
from radius.workers.assembly import prepare
from tests.integration.radius.asking import mab


def test_what_workers_share_is_made_once(runtime):
    settings = RadiusSettings()
    prepare(runtime, settings)
    made = {path: path.read_bytes() for path in runtime.data_dir.rglob("*") if path.is_file()}
    assert made
    prepare(runtime, settings)
    assert {path: path.read_bytes() for path in made} == made


def test_a_certificate_that_cannot_be_used_is_told_before_workers_start(runtime, tmp_path):
    (tmp_path / "x.pem").write_text("nonsense")
    settings = RadiusSettings(eap_certificate=tmp_path / "x.pem", eap_private_key=tmp_path / "x.pem")
    with pytest.raises(InvalidInputError):
        prepare(runtime, settings)


async def test_who_was_let_in_is_let_in_while_the_database_is_away(radius, device, monkeypatch):
    _, username, password = device
    pap = f'User-Name="{username}",User-Password="{password}",Message-Authenticator=0x00\n'
    async with asyncio.timeout(20):  # until the index has it
        while "Received Access-Accept" not in await radius.ask("auth", pap):
            await asyncio.sleep(0.1)
    async with asyncio.timeout(20):
        while True:
            before = radius.metric("kolco_radius_index_fallbacks_total")
            await radius.ask("auth", pap)
            if radius.metric("kolco_radius_index_fallbacks_total") == before:
                break

    def away(*_args, **_options):
        raise ConnectionError

    db = radius.runtime.db
    monkeypatch.setattr(db, "reading", away)
    monkeypatch.setattr(db, "transaction", away)
    assert "Received Access-Accept" in await radius.ask("auth", pap)
    assert "Received Access-Accept" in await radius.ask("auth", mab())
    monkeypatch.undo()
