"""Whole loads: in several processes, side by side, and against our own daemon."""

import asyncio
import multiprocessing
from dataclasses import replace

import pytest

from controller.core.errors import InvalidInputError, UnavailableError
from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login
from radius.load.run import learn_classes, run_load, run_together
from tests.fakes.radius_server import SECRET, RadiusServer
from tests.integration.radius import asking


def plan(port, **changes):
    target = Target("127.0.0.1", port, SECRET)
    made = LoadPlan(
        Work.PAP, target, Pace(in_flight=16), (Login("u", "p"),), count=200, lanes=2, verify_every=1
    )
    return replace(made, **changes)


def test_processes_share_a_load():
    with RadiusServer() as server:
        report = run_load(plan(server.port), processes=2)
        assert len({port for port, _ in server.heard}) == 2
    assert (report.sent, report.accepted, report.lost) == (200, 200, 0)
    assert not report.faults
    assert not multiprocessing.active_children()


def test_loads_run_side_by_side_and_are_told_apart():
    with RadiusServer() as one, RadiusServer() as other:
        logins, accounting = run_together(
            [
                (plan(one.port), 1),
                (plan(other.port, work=Work.ACCOUNTING, count=50, interims=0), 1),
            ]
        )
        assert (len(one.heard), len(other.heard)) == (200, 100)
    assert (logins.work, logins.accepted) == ("pap", 200)
    assert (accounting.work, accounting.accepted) == ("accounting", 100)


def test_what_cannot_be_done_is_said():
    with pytest.raises(InvalidInputError, match="secret"):
        run_load(plan(1, target=Target("127.0.0.1", 1, b"")))


def test_a_process_that_fails_is_told_and_leaves_nothing_running():
    with pytest.raises(UnavailableError):
        run_load(plan(1, target=Target("no such host", 1, b"x")), processes=2)
    assert not multiprocessing.active_children()


async def test_our_daemon_answers_logins_and_accounting_genuinely(device, radius):
    _, username, password = device
    made = plan(radius.auth_port, logins=(Login(username, password, asking.MAC),))
    report = await asyncio.to_thread(run_load, made)
    assert (report.accepted, report.lost, report.faults.total()) == (200, 0, 0)
    (classes,) = await asyncio.to_thread(learn_classes, made)
    assert classes
    told = replace(
        made, work=Work.ACCOUNTING, target=replace(made.target, port=radius.acct_port),
        count=20, interims=2, classes=(classes,),
    )  # fmt: skip
    acknowledged = await asyncio.to_thread(run_load, told)
    assert (acknowledged.accepted, acknowledged.lost, acknowledged.faults.total()) == (80, 0, 0)
    wrong = replace(made, logins=(Login(username, "wrong"),), count=20)
    assert (await asyncio.to_thread(run_load, wrong)).to_json()["rejected"] == 20
