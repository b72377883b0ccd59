from contextlib import nullcontext

from controller.city import steps
from controller.city.parts import PACKAGES, Found
from controller.city.run import City, Options
from controller.city.steps import Journey
from controller.wlans.rules import SSID_MAX_BYTES


def journey(**options):
    found = Found(root=True, programs=frozenset(PACKAGES), playwright=True)
    return Journey(City(Options(**options), found), nullcontext)


def test_every_step_has_a_name_of_its_own_and_a_sentence():
    told = journey().steps()
    assert len({step.name for step in told}) == len(told) == 18
    assert all(step.title and step.name == step.name.lower() for step in told)
    assert told[0].name == "machine"
    assert told[-1].name == "logout"


async def test_a_machine_with_everything_passes_the_first_step():
    assert "chromium" in await journey(phones=3).steps()[0].act()


def test_the_name_that_was_asked_for_does_not_fit_on_the_air_and_the_one_sent_does():
    assert len(steps.SSID_ASKED.encode()) == 36
    assert all(len(name.encode()) <= SSID_MAX_BYTES for name in steps.SSIDS_SENT)
