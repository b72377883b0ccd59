"""Accounting on its way: tried again with its delay, given up in the end, nothing lost uncounted."""

import asyncio
import time

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from radius.protocol.attributes import Code
from radius.proxy import forwarder as module
from radius.proxy.forwarder import Forwarder, ForwardLimits
from radius.proxy.hidden import Key
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.rewrite import Forwarded
from radius.proxy.types import NoAnswerError
from tests.eventually import eventually

RECORD = Forwarded(Code.ACCOUNTING_REQUEST, ((40, b"\0\0\0\1"),), Key(b"", b""))


class FakeLink:
    """A home server that answers after so many requests."""

    def __init__(self, *, silent=0, up=True):
        self.silent = silent
        self.up = up
        self.asked = []

    async def exchange(self, forwarded, patience_s):
        del patience_s
        self.asked.append(forwarded)
        await asyncio.sleep(0)
        if len(self.asked) <= self.silent:
            raise NoAnswerError


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def make(registry, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.3)
    metrics = ProxyMetrics(registry)

    def make(*links, directory=tmp_path, **values):
        limits = ForwardLimits(**{"response_s": 1.0, "deadline_s": 5.0, "most": 3, **values})
        chosen = []

        def choose(pattern, device):
            chosen.append((pattern, device))
            return links

        forwarder = Forwarder(choose, metrics, time.time, limits=limits, directory=directory)
        forwarder.chosen = chosen
        return forwarder

    return make


def submit(forwarder):
    forwarder.submit(RECORD, "x.example", b"device")


def counted(registry, outcome):
    shown = generate_latest(registry).decode()
    line = f'kolco_radius_proxied_accounting_total{{outcome="{outcome}"}} '
    return float(shown.partition(line)[2].split("\n")[0])


async def done(forwarder):
    async def empty():
        return len(forwarder) == 0

    await eventually(empty)


async def test_the_next_home_server_is_asked_if_one_is_down_or_silent(make, registry):
    links = [FakeLink(up=False), FakeLink(silent=9), FakeLink()]
    forwarder = make(*links)
    submit(forwarder)
    await done(forwarder)
    assert [len(link.asked) for link in links] == [0, 1, 1]
    assert counted(registry, "delivered") == 1
    assert forwarder.chosen == [("x.example", b"device")]


async def test_what_is_late_says_how_late(make, registry):
    link = FakeLink(silent=3)
    forwarder = make(link)
    submit(forwarder)
    await done(forwarder)
    first, *_, last = link.asked
    assert first == RECORD
    assert len(link.asked) == 4
    assert counted(registry, "delivered") == 1
    assert last.attributes == ((41, b"\0\0\0\2"), *RECORD.attributes)


async def test_what_nobody_takes_is_given_up_and_counted(make, registry):
    forwarder = make(FakeLink(silent=99), deadline_s=0.5)
    submit(forwarder)
    nobody = make(deadline_s=0.5)
    submit(nobody)
    await done(forwarder)
    await done(nobody)
    assert counted(registry, "expired") == 2


async def test_what_is_under_way_waits_in_a_file_while_the_daemon_is_restarted(make, registry):
    forwarder = make(FakeLink(silent=99))
    for _ in range(5):
        submit(forwarder)
    assert len(forwarder) == 3
    assert counted(registry, "overflow") == 2
    await forwarder.close(0.1)
    assert len(forwarder) == 0
    link = FakeLink()
    again, other = make(link), make(FakeLink())
    again.resume()
    other.resume()
    assert (len(again), len(other)) == (3, 0)
    await done(again)
    assert [one.attributes for one in link.asked] == [RECORD.attributes] * 3
    assert (counted(registry, "delivered"), counted(registry, "abandoned")) == (3, 0)


async def test_what_cannot_even_be_written_is_counted(make, registry, tmp_path):
    (tmp_path / "file").touch()
    forwarder = make(FakeLink(silent=99), directory=tmp_path / "file")
    submit(forwarder)
    await forwarder.close(0.1)
    assert counted(registry, "abandoned") == 1
