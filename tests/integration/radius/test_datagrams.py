import socket
import time

import pytest

from radius import datagrams
from radius.datagrams import BATCH, TOGETHER, BatchedDatagrams, PlainDatagrams, open_datagrams


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["ipv4", "ipv6"])
def pair(request):
    """A bound socket, and one to talk to it."""
    host = "127.0.0.1" if request.param == socket.AF_INET else "::1"
    with (
        socket.socket(request.param, socket.SOCK_DGRAM) as ours,
        socket.socket(request.param, socket.SOCK_DGRAM) as theirs,
    ):
        ours.bind((host, 0))
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        theirs.bind((host, 0))
        theirs.settimeout(5)
        theirs.connect(ours.getsockname()[:2])
        yield ours, theirs


@pytest.mark.parametrize("kind", ["plain", "quickest"])
def test_datagrams_come_with_their_source_and_go_back_there(pair, kind):
    ours, theirs = pair
    opened = PlainDatagrams(ours) if kind == "plain" else open_datagrams(ours)
    assert list(opened.receive()) == []
    sent = [b"", b"a", bytes(4096), b"b" * 150]
    for data in sent:
        theirs.send(data)
    assert list(opened.receive()) == [(data, theirs.getsockname()[:2]) for data in sent]
    assert list(opened.receive()) == []
    assert opened.send(b"back", theirs.getsockname()[:2])
    assert theirs.recv(100) == b"back"


def test_many_come_at_once_in_order(pair):
    ours, theirs = pair
    opened = open_datagrams(ours)
    assert isinstance(opened, BatchedDatagrams)
    for number in range(BATCH + 10):
        theirs.send(number.to_bytes(4, "big"))
    first, rest = opened.receive(), opened.receive()
    assert (len(first), len(rest)) == (BATCH, 10)
    assert [int.from_bytes(data, "big") for data, _ in [*first, *rest]] == list(range(BATCH + 10))


def test_the_kernel_tells_how_long_they_waited(pair):
    ours, theirs = pair
    opened = open_datagrams(ours)
    theirs.send(b"early")
    time.sleep(0.05)  # the kernel's clock is what is tried
    opened.receive()
    assert 0.05 <= opened.waited_s < 5


def test_longer_ones_are_cut(pair):
    ours, theirs = pair
    for opened in (open_datagrams(ours), PlainDatagrams(ours)):
        theirs.send(b"x" * 5000)
        ((data, _),) = opened.receive()
        assert data == b"x" * 4096


def test_what_the_kernel_does_not_take_is_told(pair):
    ours, _ = pair
    assert not open_datagrams(ours).send(bytes(70_000), ours.getsockname()[:2])


@pytest.mark.parametrize("kind", ["plain", "quickest"])
def test_answers_go_out_together_and_in_order(pair, kind):
    ours, theirs = pair
    opened = PlainDatagrams(ours) if kind == "plain" else open_datagrams(ours)
    theirs.send(b"asks")
    ((_, source),) = opened.receive()
    sent = [bytes([number]) * (number * 100) for number in range(TOGETHER)]
    assert list(opened.send_all([(data, source) for data in sent])) == []
    assert [theirs.recv(5000) for _ in sent] == sent


def test_answers_to_where_nobody_asked_go_out_too(pair):
    ours, theirs = pair
    opened = open_datagrams(ours)
    assert list(opened.send_all([(b"first", theirs.getsockname()[:2])])) == []
    assert theirs.recv(100) == b"first"


@pytest.mark.parametrize("kind", ["plain", "quickest"])
def test_one_that_is_not_taken_holds_up_no_other(pair, kind):
    ours, theirs = pair
    opened = PlainDatagrams(ours) if kind == "plain" else open_datagrams(ours)
    theirs.send(b"asks")
    ((_, source),) = opened.receive()
    nowhere = (source[0], 0)
    if isinstance(opened, BatchedDatagrams):
        name = opened._names_of[source]
        opened._names_of[nowhere] = name[:2] + bytes(2) + name[4:]
    unsent = opened.send_all([(b"1", nowhere), (b"2", source), (b"3", nowhere), (b"4", source)])
    assert list(unsent) == [0, 2]
    assert [theirs.recv(10), theirs.recv(10)] == [b"2", b"4"]


def test_forged_sources_do_not_fill_the_memory(pair, monkeypatch):
    ours, theirs = pair
    monkeypatch.setattr(datagrams, "_ADDRESSES_MAX", 3)
    opened = open_datagrams(ours)
    for _ in range(10):
        with socket.socket(theirs.family, socket.SOCK_DGRAM) as other:
            other.sendto(b"x", ours.getsockname()[:2])
            ((_, source),) = opened.receive()
            assert source[1] == other.getsockname()[1]
    assert len(opened._addresses) <= 3
    assert len(opened._names_of) <= 3
