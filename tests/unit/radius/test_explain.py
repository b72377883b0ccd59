from datetime import timedelta

import pytest

from controller.directory.types import Known, PlanView
from radius.authorize import Accepted
from radius.explain import Step, credential_steps, decision_step, device_steps
from radius.question import Method, Refusal, Refused
from radius.repository import CredentialState, DeviceState
from tests.fakes.clock import START

LATER, EARLIER = START + timedelta(hours=1), START - timedelta(hours=1)


def oks(steps):
    return [(step.name, step.ok) for step in steps]


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (None, [("device", False)]),
        (DeviceState("active", "city", LATER), [("device", True), ("account", True), ("remembered", True)]),
        (DeviceState("active", "city", None), [("device", True), ("account", True), ("remembered", False)]),
        (
            DeviceState("active", "city", EARLIER),
            [("device", True), ("account", True), ("remembered", False)],
        ),
        (DeviceState("blocked", "city", LATER), [("device", True), ("account", False), ("remembered", True)]),
    ],
)
def test_devices(device, expected):
    assert oks(device_steps(device, START)) == expected


@pytest.mark.parametrize(
    ("credential", "ok", "word"),
    [
        (CredentialState("active", "city", LATER, None), True, "until"),
        (CredentialState("active", "city", EARLIER, None), False, "expired"),
        (CredentialState("active", "city", LATER, EARLIER), False, "revoked"),
    ],
)
def test_credentials(credential, ok, word):
    step = credential_steps(credential, START)[-1]
    assert (step.name, step.ok) == ("valid", ok)
    assert word in step.detail


def test_an_unknown_credential():
    assert oks(credential_steps(None, START)) == [("credential", False)]


def test_the_decision_comes_last_in_the_words_of_the_wire():
    refused = decision_step(Refused(Refusal.UNKNOWN_DEVICE))
    assert refused == Step("answer", False, "Access-Reject: unknown-device")
    plan = PlanView("city", "City", 7200, 600, 1, 300, 10_000, None, None, 5)
    known = Known("a", "d", "02:00:00:00:00:01", plan, None)
    accepted = decision_step(Accepted(known, Method.MAB, "s1", 60))
    assert accepted.ok
    assert accepted.detail == "Access-Accept: plan city, 60 s, idle 600 s, 10000 kbit/s down, session s1"
