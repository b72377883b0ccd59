"""Accounting on its way: tried again with its delay, given up in the end, nothing lost uncounted."""

import asyncio
import time

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from radius.protocol.attributes import Code
from radius.proxy import forwarder as module
from radius.proxy.forwarder import Forwarder
from radius.proxy.hidden import Key
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.rewrite import Forwarded
from radius.proxy.types import NoAnswerError
from tests.integration.radius.asking import until

RECORD = Forwarded(Code.ACCOUNTING_REQUEST, ((40, b"\0\0\0\1"),), Key(b"s", bytes(16)))


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
def make(registry, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.3)
    metrics = ProxyMetrics(registry)

    def make(**values):
        values = {"response_s": 1.0, "deadline_s": 5.0, "most": 3, **values}
        return Forwarder(metrics, time.monotonic, **values)

    return make


def counted(registry, outcome):
    shown = generate_latest(registry).decode()
    line = f'kolco_radius_proxied_accounting_total{{outcome="{outcome}"}} '
    return float(shown.partition(line)[2].split("\n")[0])


async def done(forwarder):
    async def empty():
        return len(forwarder) == 0

    await until(empty)


async def test_the_next_home_server_is_asked_if_one_is_down_or_silent(make, registry):
    forwarder = make()
    links = [FakeLink(up=False), FakeLink(silent=9), FakeLink()]
    forwarder.submit(RECORD, lambda: links)
    await done(forwarder)
    assert [len(link.asked) for link in links] == [0, 1, 1]
    assert counted(registry, "delivered") == 1


async def test_what_is_late_says_how_late(make, registry):
    forwarder = make()
    link = FakeLink(silent=2)
    forwarder.submit(RECORD, lambda: [link])
    await done(forwarder)
    first, *_, last = link.asked
    assert first == RECORD
    assert len(link.asked) == 3
    assert counted(registry, "delivered") == 1
    assert last.attributes in {RECORD.attributes, ((41, b"\0\0\0\1"), *RECORD.attributes)}


async def test_what_nobody_takes_is_given_up_and_counted(make, registry):
    forwarder = make(deadline_s=0.5)
    forwarder.submit(RECORD, lambda: [FakeLink(silent=99)])
    forwarder.submit(RECORD, list)
    await done(forwarder)
    assert counted(registry, "expired") == 2


async def test_there_is_a_limit_and_the_end_is_counted(make, registry):
    forwarder = make()
    for _ in range(5):
        forwarder.submit(RECORD, lambda: [FakeLink(silent=99)])
    assert len(forwarder) == 3
    await forwarder.close(0.1)
    assert counted(registry, "overflow") == 2
    assert counted(registry, "abandoned") == 3
    assert len(forwarder) == 0
