"""What answers, put together in this process."""

import pytest

from controller.core.errors import InvalidInputError
from radius.settings import RadiusSettings
from radius.workers.assembly import prepare
from tests.integration.radius.asking import acct, mab


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


async def test_access_and_accounting_are_answered_in_this_process(radius, device):
    assert "Received Access-Accept" in await radius.ask("auth", mab())
    assert "Received Accounting-Response" in await radius.ask("acct", acct("Start"))
    assert radius.metric('kolco_radius_reply_seconds_count{kind="access",method="mab"}') == 1
    assert radius.metric('kolco_radius_reply_seconds_count{kind="accounting",method=""}') == 1
