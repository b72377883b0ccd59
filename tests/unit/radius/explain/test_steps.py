from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from radius.explain.steps import (
    attribute_steps,
    credential_steps,
    describe_condition,
    device_steps,
    method_step,
    moment,
    place_step,
    policy_steps,
    quota_step,
    reject_step,
    signature_steps,
)
from radius.explain.wording import translator
from radius.policy.engine import Engine
from radius.policy.text import parse_policy
from radius.repository import CredentialState, DeviceState
from tests.fakes.clock import START

LATER, EARLIER = START + timedelta(hours=1), START - timedelta(hours=1)
POLICY = parse_policy("rule a\n zone parks\n deny x\nrule b\n method mab\n allow\nrule c\n allow\n")
NOWHERE = ("", "", "City", "lo", "radius-mab", "city", "active")


def oks(steps):
    return [(step.name, step.ok) for step in steps]


def told(steps):
    translate = translator("en")
    return [step.tell(translate)[1] for step in steps]


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
    assert oks(device_steps(device, START, UTC)) == expected


@pytest.mark.parametrize(
    ("credential", "ok", "word"),
    [
        (CredentialState("active", "city", LATER, None), True, "until"),
        (CredentialState("active", "city", EARLIER, None), False, "expired"),
        (CredentialState("active", "city", LATER, EARLIER), False, "revoked"),
    ],
)
def test_credentials(credential, ok, word):
    steps = credential_steps(credential, START, UTC)
    assert (steps[-1].name, steps[-1].ok) == ("valid", ok)
    assert word in told(steps)[-1]


def test_an_unknown_credential():
    assert oks(credential_steps(None, START, UTC)) == [("credential", False)]


def test_rules_that_were_looked_at():
    steps = policy_steps(Engine(POLICY, UTC), NOWHERE, 0.0)
    assert told(steps) == [
        "a does not: zone parks, but it is not known",
        "b decides: allow",
        "1 more rules were not looked at",
    ]
    park = ("parks", *NOWHERE[1:])
    assert oks(policy_steps(Engine(POLICY, UTC), park, 0.0))[0] == ("rule", False)


def test_no_rules_and_no_match():
    assert told(policy_steps(Engine(parse_policy(""), UTC), NOWHERE, 0.0)) == [
        "there are no rules: the plan decides"
    ]
    only = parse_policy("rule a\n method tls, peap\n deny x\n")
    assert told(policy_steps(Engine(only, UTC), NOWHERE, 0.0)) == [
        "a does not: method tls, peap, but it is mab",
        "no rule matches: the plan decides",
    ]


def test_conditions_are_told_as_they_are_written():
    rule = parse_policy("rule a\n time not fri 23:00-06:00\n zone not x, y\n allow\n").rules[0]
    assert [describe_condition(one) for one in (*rule.times, *rule.conditions)] == [
        "time not fri 23:00-06:00",
        "zone not x, y",
    ]


def test_signatures():
    assert oks(signature_steps(signed=True, secret=0)) == [("signature", True)]
    assert oks(signature_steps(signed=False, secret=1)) == [("signature", None), ("secret", None)]


def test_the_rest_in_words():
    assert told([method_step("radius-ttls"), method_step("")]) == [
        "TTLS",
        "not known: it was refused before that",
    ]
    place = place_step(("ring", "gum", "City", "lo", "", "", ""), "001122334455")
    assert told([place]) == ["site gum, zone ring, network City, access point 001122334455"]
    assert told([quota_step(None, None), quota_step(5, 5)])[1] == "5 octets a session; the NAS was told"
    assert told(attribute_steps([(27, b"\0\0\0\x3c")])) == ["Session-Timeout = 60"]
    assert not reject_step("unknown-device").ok


def test_moments_are_in_the_citys_time():
    assert moment(START, ZoneInfo("Europe/Moscow")) != moment(START, UTC)
