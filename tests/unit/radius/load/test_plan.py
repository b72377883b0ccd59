from dataclasses import replace

import pytest

from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login

TARGET = Target("127.0.0.1", 1812, b"secret")
PLAN = LoadPlan(Work.PAP, TARGET, Pace(), (Login("u", "p"),))


@pytest.mark.parametrize(
    ("host", "ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("localhost", False)],
)
def test_only_an_address_of_this_machine_is_loopback(host, ours):
    assert replace(TARGET, host=host).is_loopback is ours


def test_packets():
    assert replace(PLAN, count=10).packets == 10
    assert replace(PLAN, work=Work.ACCOUNTING, count=10, interims=3).packets == 50


@pytest.mark.parametrize(
    ("plan", "lanes"),
    [
        (PLAN, 16),
        (replace(PLAN, lanes=3), 3),
        (replace(PLAN, pace=Pace(in_flight=4)), 4),
        (replace(PLAN, pace=Pace(in_flight=10_000)), 79),
        (replace(PLAN, pace=Pace(rate=10_000, timeout_s=1)), 64),
        (replace(PLAN, pace=Pace(rate=1e9)), 1_024),
        (replace(PLAN, work=Work.ACCOUNTING, count=100), 1),
        (replace(PLAN, work=Work.ACCOUNTING, count=100_000), 16),
    ],
)
def test_as_many_sockets_as_it_takes(plan, lanes):
    assert plan.lanes_needed() == lanes


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (replace(PLAN, target=replace(TARGET, secret=b"")), "secret"),
        (replace(PLAN, logins=()), "logs in"),
        (replace(PLAN, work=Work.TLS), "certificate"),
        (replace(PLAN, work=Work.TTLS_PAP), "authority"),
        (replace(PLAN, count=0), "nothing"),
        (replace(PLAN, pace=Pace(in_flight=0)), "nothing"),
    ],
)
def test_what_cannot_be_done_is_said(plan, word):
    assert word in plan.problem()


def test_what_can_be_done():
    assert not PLAN.problem()
    assert not replace(PLAN, work=Work.ACCOUNTING, logins=()).problem()
    assert Work.TTLS_PAP.is_eap
    assert not Work.PAP.is_eap
