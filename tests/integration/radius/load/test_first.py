"""What is asked before a load: of servers that answer, that do not, and that have another secret."""

import time

import pytest

from controller.core.errors import InvalidInputError, UnavailableError
from radius.load import first
from radius.load.first import check_answers
from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login
from radius.protocol.attributes import Code
from tests.fakes.radius_server import SECRET, RadiusServer, accept


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(first, "_PAUSE_S", 0.05)
    monkeypatch.setattr(first, "_WAIT_S", 0.3)


def plan(port, work=Work.PAP, secret=SECRET):
    return LoadPlan(work, Target("127.0.0.1", port, secret), Pace(), logins=(Login("u", "p"),))


def check(*given):
    check_answers(plan(*given), now=time.monotonic)


def test_a_server_that_tells_its_status_is_asked_nothing_more():
    with RadiusServer() as server:
        check(server.port)
        assert [data[0] for _, data in server.heard] == [Code.STATUS_SERVER]


@pytest.mark.parametrize("work", [Work.PAP, Work.ACCOUNTING])
def test_a_server_without_status_gets_the_first_request(work):
    def behave(packet, data):
        return [] if packet.code == Code.STATUS_SERVER else accept(packet, data)

    with RadiusServer(behave) as server:
        check(server.port, work)
        asked = Code.ACCOUNTING_REQUEST if work == Work.ACCOUNTING else Code.ACCESS_REQUEST
        assert server.heard[-1][1][0] == asked


def test_another_secret_is_told():
    with RadiusServer() as server, pytest.raises(InvalidInputError, match="not to be believed") as caught:
        check(server.port, Work.PAP, b"another secret")
    assert "secret" in caught.value.hint


def test_silence_is_told_after_the_first_request():
    with RadiusServer(lambda *_: []) as server, pytest.raises(UnavailableError, match="no RADIUS answer"):
        check(server.port)


def test_a_plan_that_cannot_be():
    with pytest.raises(InvalidInputError, match="secret"):
        check(9, Work.PAP, b"")
