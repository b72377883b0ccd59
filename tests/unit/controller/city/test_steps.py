from contextlib import nullcontext

import pytest

from controller.city import steps
from controller.city.parts import PACKAGES, Found
from controller.city.run import City, Options
from controller.city.steps import Journey
from controller.city.story import StepFailedError
from controller.wlans.rules import SSID_MAX_BYTES


def journey(**options):
    found = Found(root=True, programs=frozenset(PACKAGES), playwright=True)
    return Journey(City(Options(**options), found), nullcontext)


def test_every_step_has_a_name_of_its_own_and_a_sentence():
    told = journey().steps()
    assert len({step.name for step in told}) == len(told) == 16
    assert all(step.title and step.name == step.name.lower() for step in told)
    assert told[0].name == "machine"
    assert told[-1].name == "logout"


async def test_a_machine_with_everything_passes_the_first_step():
    assert "chromium" in await journey(phones=2).steps()[0].act()


def test_the_name_that_was_asked_for_does_not_fit_on_the_air_and_the_one_sent_does():
    assert len(steps.SSID_ASKED.encode()) == 36
    assert all(len(name.encode()) <= SSID_MAX_BYTES for name in steps.SSIDS_SENT)


async def test_a_look_is_repeated_until_it_holds(monkeypatch):
    monkeypatch.setattr(steps, "POLL_S", 0)
    looks = iter([StepFailedError("not yet"), StepFailedError("not yet"), "seen"])

    async def look():
        result = next(looks)
        if isinstance(result, Exception):
            raise result
        return result

    assert await steps._until(look, 10) == "seen"


async def test_a_look_that_never_holds_fails_with_what_it_saw():
    async def look():
        raise StepFailedError("captive still")

    with pytest.raises(StepFailedError, match="captive still"):
        await steps._until(look, 0)
