"""What the proxy decides, with home servers that answer as told; time stands still."""

import asyncio
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from radius.protocol.attributes import Code
from radius.protocol.packet import Packet
from radius.proxy.hidden import Key
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.proxy import Proxy, ProxyParts
from radius.proxy.realms import Route, make_realms
from radius.proxy.roaming import Operator
from radius.proxy.route_class import RouteClassCodec
from radius.proxy.types import Home, NoAnswerError, Reply
from radius.reply import ACCOUNTED
from tests.factories.radius import request

KEY = Key(b"home", bytes(16))


@dataclass
class FakeLink:
    """A home server: answers with its packets in order, then not at all."""

    name: str
    packets: list = field(default_factory=list)
    up: bool = True
    asked: list = field(default_factory=list)
    held: asyncio.Event | None = None

    @property
    def home(self):
        return Home(self.name, "udp", "h", 1, 2, b"home", "", True, False, True)

    async def exchange(self, forwarded, patience_s):
        self.asked.append((forwarded, patience_s))
        if self.held is not None:
            await self.held.wait()
        if not self.packets:
            raise NoAnswerError
        return Reply(self.packets.pop(0), KEY)


class FakeRouting:
    def __init__(self, links, pattern, *, balance):
        self.realms = make_realms([Route(pattern, tuple(link.name for link in links), balance)])
        self._links = links

    def links(self, _route, _kind):
        return self._links


class FakeForwarder:
    def __init__(self):
        self.submitted = []

    def submit(self, forwarded, pattern, device):
        self.submitted.append((forwarded, pattern, device))


def make(*links, pattern="home.example", most=100, balance=False):
    parts = ProxyParts(
        access=lambda _: "here",
        accounting=lambda _: ACCOUNTED,
        routing=FakeRouting(links, pattern, balance=balance),
        forwarder=FakeForwarder(),
        codec=RouteClassCodec(b"k" * 32),
        operator=Operator(want_cui=False),
        metrics=ProxyMetrics(CollectorRegistry()),
        mark=b"mark" * 2,
        random_octets=bytes,
        monotonic=lambda: 0.0,
        response_s=3.0,
        deadline_s=10.0,
        most=most,
    )
    return Proxy(parts), parts


def packet(code, *attributes):
    return Packet(code, 1, bytes(16), attributes)


def ask(proxy, **values):
    return proxy.answer_access(request(User_Name="u@home.example", **values))


async def test_a_realm_that_is_not_theirs_is_answered_here():
    proxy, _ = make(FakeLink("a"))
    assert proxy.answer_access(request(User_Name="u@other.example")) == "here"
    assert proxy.answer_access(request(User_Name="u")) == "here"
    assert proxy.answer_access(request()) == "here"


async def test_the_first_answer_counts_and_each_has_its_time():
    first, second = FakeLink("a"), FakeLink("b", [packet(Code.ACCESS_REJECT, (18, b"why"))])
    proxy, _ = make(first, second)
    answer = await ask(proxy)
    assert (answer.code, answer.refusal, list(answer.attributes)) == (3, "home-refused", [(18, b"why")])
    assert [patience for _, patience in first.asked + second.asked] == [3.0, 10.0]
    assert len(proxy) == 0


async def test_a_conversation_stays_with_who_has_it():
    first = FakeLink("a", up=False)
    second = FakeLink("b", [packet(Code.ACCESS_CHALLENGE, (24, b"state"))] * 2)
    proxy, _ = make(first, second)
    assert (await ask(proxy)).code == Code.ACCESS_CHALLENGE
    first.up = True
    assert (await ask(proxy, State="state")).code == Code.ACCESS_CHALLENGE
    assert len(first.asked) == 0
    assert second.asked[-1][1] == 10.0
    second.up = False
    first.packets = [packet(Code.ACCESS_REJECT)]
    assert (await ask(proxy, State="state")).code == Code.ACCESS_REJECT
    assert len(first.asked) == 1


async def test_accepts_carry_our_class_behind_theirs():
    theirs = [(25, b"1"), (25, b"2"), (25, b"3")]
    proxy, parts = make(FakeLink("a", [packet(Code.ACCESS_ACCEPT, *theirs)]), pattern="*.example")
    answer = await ask(proxy)
    assert list(answer.attributes)[:3] == theirs
    values = [value for kind, value in answer.attributes if kind == 25]
    routed, others = parts.codec.split(values)
    assert (routed.pattern, others) == ("*.example", [b"1", b"2", b"3"])
    told = request(4, User_Name="renamed", extra=[(25, value) for value in values])
    assert proxy.answer_accounting(told) is ACCOUNTED
    ((forwarded, pattern, device),) = parts.forwarder.submitted
    assert [value for kind, value in forwarded.attributes if kind == 25] == [b"1", b"2", b"3"]
    assert (pattern, device) == ("*.example", b"renamed")


async def test_an_accept_that_is_full_goes_through_without_our_class():
    full = [(79, bytes(253))] * 15
    proxy, _ = make(FakeLink("a", [packet(Code.ACCESS_ACCEPT, *full)]))
    assert list((await ask(proxy)).attributes) == full


async def test_accounting_of_citizens_goes_nowhere():
    proxy, parts = make(FakeLink("a"))
    proxy.answer_accounting(request(4, User_Name="citizen"))
    assert parts.forwarder.submitted == []


async def test_accounting_is_delivered_only_after_it_was_accepted_here():
    proxy, parts = make(FakeLink("a"))
    safe = asyncio.Event()

    async def accept():
        await safe.wait()
        return ACCOUNTED

    object.__setattr__(parts, "accounting", lambda _: accept())
    waiting = asyncio.ensure_future(proxy.answer_accounting(request(4, User_Name="u@home.example")))
    await asyncio.sleep(0)
    assert parts.forwarder.submitted == []
    safe.set()
    assert await waiting is ACCOUNTED
    assert len(parts.forwarder.submitted) == 1


async def test_while_none_is_up_a_few_hope_for_a_short_time_and_the_others_are_refused():
    link = FakeLink("a", up=False, held=asyncio.Event())
    proxy, _ = make(link)
    asked = [asyncio.ensure_future(ask(proxy)) for _ in range(70)]
    await asyncio.sleep(0)
    refused = [task for task in asked if task.done()]
    assert len(refused) == 6
    assert {patience for _, patience in link.asked} == {3.0}
    link.held.set()
    answers = [await task for task in asked]
    assert {answer.refusal for answer in answers} == {"home-unreachable"}
    assert len(proxy) == 0
    assert (await ask(proxy)).refusal == "home-unreachable"
    assert len(link.asked) == 65


async def test_visitors_leave_room_for_citizens():
    link = FakeLink("a", held=asyncio.Event())
    proxy, _ = make(link, most=2)
    waiting = [asyncio.ensure_future(ask(proxy)) for _ in range(2)]
    await asyncio.sleep(0)
    assert ask(proxy).refusal == "proxy-overload"
    assert proxy.answer_access(request(User_Name="citizen")) == "here"
    link.held.set()
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("states", [[b"markmark0000"], [b"x"] * 8])
async def test_loops_are_refused(states):
    proxy, parts = make(FakeLink("a"))
    looped = request(User_Name="u@home.example", extra=[(33, state) for state in states])
    assert proxy.answer_access(looped).refusal == "proxy-loop"
    told = request(4, User_Name="u@home.example", extra=[(33, state) for state in states])
    assert proxy.answer_accounting(told) is ACCOUNTED
    assert parts.forwarder.submitted == []


async def test_who_speaks_eap_is_told_the_failure():
    proxy, _ = make(FakeLink("a"), most=0)
    answer = proxy.answer_access(request(User_Name="u@home.example", extra=[(79, b"\2\7\0\5\1")]))
    assert list(answer.attributes) == [(79, b"\4\7\0\4")]
    broken = proxy.answer_access(request(User_Name="u@home.example", extra=[(79, b"\2")]))
    assert list(broken.attributes) == []
