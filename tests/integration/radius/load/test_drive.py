"""Both loops against a server in a thread."""

import time
from contextlib import ExitStack
from itertools import repeat

import pytest

from radius.load import wire
from radius.load.asker import open_socket
from radius.load.drive import ClosedLoop, OpenLoop, make_drive
from radius.load.lane import Blocks, Lane
from radius.load.plan import Pace, Target
from radius.load.requests import Login, Station, pap_requests
from tests.fakes.radius_server import SECRET, RadiusServer, accept


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


def drive(stack, server, count, pace, lanes=4):
    datagrams = list(pap_requests(repeat(Login("u", "p")), count, SECRET, Station(), bytes))
    outgoing, blocks = wire.lay_out(datagrams, batches=True), Blocks(count)
    target = Target("127.0.0.1", server.port, SECRET)
    opened = [
        Lane(stack.enter_context(open_socket(target)), outgoing, blocks, number) for number in range(lanes)
    ]
    loop = make_drive(opened, pace, wire.make_room(batches=True), None, 1)
    loop.run()
    return loop, opened


def total(lanes, name):
    return sum(getattr(lane, name) for lane in lanes)


def test_a_closed_loop_keeps_so_many_under_way(stack):
    with RadiusServer(lambda *_: []) as server:
        loop, lanes = drive(stack, server, 400, Pace(in_flight=12, seconds=0.2, timeout_s=2), lanes=4)
        assert len(server.heard) == 12
    assert isinstance(loop, ClosedLoop)
    assert [lane.sent for lane in lanes] == [3, 3, 3, 3]
    assert loop.started <= loop.sent <= loop.ended


def test_a_closed_loop_gives_up_and_goes_on(stack):
    with RadiusServer(lambda packet, data: accept(packet, data) if packet.identifier % 2 else []) as server:
        started = time.perf_counter()
        _, lanes = drive(stack, server, 32, Pace(in_flight=8, timeout_s=0.2), lanes=2)
    assert (total(lanes, "sent"), total(lanes, "lost"), total(lanes, "under_way")) == (32, 16, 0)
    assert time.perf_counter() - started < 30


def test_a_closed_loop_ends_in_time(stack):
    with RadiusServer() as server:
        loop, lanes = drive(stack, server, 100_000, Pace(in_flight=8, seconds=0.3), lanes=2)
    assert 0 < total(lanes, "sent") < 100_000
    assert 0.2 < loop.sent - loop.started < 30
    assert total(lanes, "sent") == sum(len(lane.seconds) for lane in lanes)


def test_an_open_loop_sends_at_its_rate_whatever_is_answered(stack):
    with RadiusServer(lambda *_: []) as server:
        loop, lanes = drive(stack, server, 500, Pace(rate=1_000, timeout_s=0.2), lanes=8)
    assert isinstance(loop, OpenLoop)
    assert 0.45 < loop.sent - loop.started < 30
    assert (total(lanes, "sent"), total(lanes, "lost")) == (500, 500)


def test_what_is_sent_again_counts_once(stack):
    heard = set()

    def second_time(packet, data):
        answer = accept(packet, data) if data in heard else []
        heard.add(data)
        return answer

    with RadiusServer(second_time) as server:
        loop, lanes = drive(stack, server, 10, Pace(rate=1_000, timeout_s=10, retry_s=0.8), lanes=1)
        assert len(server.heard) == 20
    assert (total(lanes, "sent"), total(lanes, "lost"), len(lanes[0].seconds)) == (10, 0, 10)
    assert min(lanes[0].seconds) >= 0.8
    assert loop.ended > loop.sent
