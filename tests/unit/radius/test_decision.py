from dataclasses import replace

from controller.directory.types import Known, PlanView
from radius.decision import Accepted
from radius.policy.rules import NO_RULE
from radius.question import Method

PLAN = PlanView("city", "City", 7200, 600, 3600, 300, None, None, None, 5)
LET_IN = Accepted(Known("a", "d", "02:00:00:00:00:01", PLAN, None), Method.PAP, "s", 60)


def test_what_is_not_told_is_nothing():
    assert (LET_IN.attestation, LET_IN.keys, LET_IN.verdict, LET_IN.bytes_left) == ("", b"", NO_RULE, None)


def test_decisions_are_the_same_if_all_of_them_is():
    assert replace(LET_IN) == LET_IN
    assert replace(LET_IN, bytes_left=1) != LET_IN
