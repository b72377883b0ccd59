"""A lane's identifiers, with a socket whose other end the test holds."""

import socket

import pytest

from radius.load import wire
from radius.load.lane import BLOCK, Blocks, Lane

DATAGRAMS = [bytes((1, number % 256)) + number.to_bytes(2, "big") for number in range(600)]


@pytest.fixture
def other():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


@pytest.fixture
def lane(other):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(other.getsockname())
        other.connect(sock.getsockname())
        yield Lane(sock, wire.lay_out(DATAGRAMS, batches=True), Blocks(len(DATAGRAMS)), 0)


def heard(other):
    found = []
    while True:
        try:
            found.append(int.from_bytes(other.recv(100)[2:], "big"))
        except BlockingIOError:
            return found


def answer(lane, other, *packets, code=2, now=1.0, believe=None, every=1):
    for packet in packets:
        other.send(bytes((code, packet % 256)))
    room = wire.make_room(batches=True)
    return lane.take(room, room.receive(lane.sock), now, believe, every)


def test_packets_go_out_once_each_until_there_are_no_more():
    blocks = Blocks(100)
    assert [blocks.take(phase) for phase in (0, 1, 2)] == [(0, 32), (32, 32), (64, 32)]
    assert blocks.take(3) == (96, 4)
    assert blocks.take(4)[1] == 0
    assert blocks.take(0)[1] == 0


def test_lanes_share_all_packets(other):
    blocks = Blocks(len(DATAGRAMS))
    outgoing = wire.lay_out(DATAGRAMS, batches=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(other.getsockname())
        lanes = [Lane(sock, outgoing, blocks, number) for number in range(3)]
        taken = []
        while not all(lane.over for lane in lanes):
            for lane in lanes:
                lane.send(BLOCK, 0.0, insist=True)
            taken += heard(other)
        assert sorted(taken) == list(range(len(DATAGRAMS)))


def test_answers_are_timed_and_free_their_identifier(lane, other):
    assert lane.send(5, 0.25, insist=False) == 5
    assert heard(other) == [0, 1, 2, 3, 4]
    assert answer(lane, other, 3, 1) == 2
    assert list(lane.seconds) == [0.75, 0.75]
    assert (lane.under_way, bytes(lane.codes)) == (3, b"\2\2")
    assert answer(lane, other, 3, 200, 0) == 1
    assert (lane.strays, lane.under_way) == (2, 2)


def test_what_is_not_believed_stays_under_way(lane, other):
    lane.send(2, 0.0, insist=False)
    assert answer(lane, other, 0, 1, believe=lambda number, octets: number == 1) == 1
    assert (lane.under_way, bytes(lane.codes), lane.strays) == (1, b"\2", 0)
    seen = []
    assert answer(lane, other, 0, believe=lambda *given: seen.append(given) or True) == 1
    assert seen == [(0, b"\2\0")]


def test_one_answer_in_so_many_is_judged(lane, other):
    lane.send(20, 0.0, insist=False)
    judged = []
    answer(lane, other, *range(20), believe=lambda number, _: judged.append(number) or True, every=8)
    assert judged == [0, 8, 16]


def test_a_lane_waits_for_its_identifiers_unless_it_insists(lane, other):
    while lane.send(BLOCK, 0.0, insist=False):
        pass
    assert (lane.sent, lane.under_way) == (256, 256)
    answer(lane, other, 0, 1, 5)
    assert lane.send(BLOCK, 0.0, insist=False) == 2
    assert lane.send(BLOCK, 0.0, insist=False) == 0
    assert lane.send(BLOCK, 0.0, insist=True) == 30
    assert (lane.lost, lane.under_way) == (29, 256)


def test_what_is_late_is_given_up_and_what_is_due_sent_again(lane, other):
    lane.send(2, 0.0, insist=False)
    heard(other)
    lane.sweep(2.9, 10.0, 3.0)
    assert heard(other) == []
    answer(lane, other, 1)
    for now, again in ((3.0, [0]), (5.9, []), (6.0, [0])):
        lane.sweep(now, 10.0, 3.0)
        assert heard(other) == again
    lane.sweep(10.0, 10.0, 3.0)
    assert (lane.lost, lane.under_way) == (1, 0)
    assert answer(lane, other, 0) == 0
    assert lane.strays == 1
