"""What would be decided now, at a place and by a NAS."""

from datetime import UTC, datetime

import pytest

from controller.core.clock import SystemClock
from controller.core.errors import NotFoundError
from controller.core.mac import parse_mac
from controller.directory.service import Directory
from controller.nas import service as nas_service
from controller.nas.types import NasChanges, NewNas
from radius.explain.live import Asked, explain_now
from radius.policy import service as policies
from radius.question import Method, Question
from radius.stations import CalledStation
from tests.integration.radius.asking import MAC, SECRET


@pytest.fixture
async def ask(runtime, device):
    async with runtime.db.transaction() as tx:
        await nas_service.add(
            tx, runtime.secrets, NewNas("ring", "Ring", "10.0.0.0/8", SECRET, vendor="mikrotik")
        )

    async def run(nas_id="", method=Method.MAB):
        mac = parse_mac(MAC)
        _, username, password = device
        station = CalledStation(None, "City")
        question = (
            Question(Method.MAB, mac, "", mac, station)
            if method is Method.MAB
            else Question(method, username, password, None, station)
        )
        return await explain_now(
            runtime.db, Directory(runtime.secrets), SystemClock(), Asked(question, nas_id), UTC
        )

    return run


def seen(steps, name):
    return [step.values for step in steps if step.name == name]


async def test_a_nas_is_answered_in_its_makers_words(ask):
    steps = await ask("ring")
    assert {"name": "Mikrotik-Rate-Limit", "value": "5000k/10000k"} in seen(steps, "attribute")
    assert {"name": "WISPr-Bandwidth-Max-Down", "value": "10000000"} in seen(await ask(), "attribute")


async def test_the_policy_sees_the_nas(ask, runtime):
    async with runtime.db.transaction() as tx:
        text = "rule ring\n nas ring\n method pap\n deny closed\n"
        await policies.apply_text(tx, text, by="x", now=datetime.now(UTC))
    assert (await ask("ring", Method.PAP))[-1].message == "refusal-policy"
    assert (await ask("ring", Method.MAB))[-1].ok
    assert (await ask("", Method.PAP))[-1].ok


async def test_a_nas_that_is_disabled_or_is_none(ask, runtime):
    async with runtime.db.transaction() as tx:
        await nas_service.change(tx, "ring", NasChanges(enabled=False))
    assert "nas-disabled" in [step.message for step in await ask("ring")]
    with pytest.raises(NotFoundError):
        await ask("none")
