import asyncio

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from radius.datagrams import BATCH
from radius.metrics import RadiusMetrics
from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_request
from radius.protocol.connection import AUTH_CODES, Client, Connection
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import encode_packet, parse_packet
from radius.reply import ALIVE_ACCESS, HANDED_OVER, Answer
from radius.server import RadiusPort
from radius.storm.limits import StormLimits
from tests.fakes.clock import FakeClock

SECRET = b"secret"
NAS = ("192.0.2.1", 40000)


class FakeDatagrams:
    """A socket without a kernel."""

    waited_s = 0.0

    def __init__(self):
        self.sent = []
        self.arrived = []
        self.refuses = False

    def receive(self):
        arrived, self.arrived = self.arrived[:BATCH], self.arrived[BATCH:]
        return arrived

    def send(self, data, to):
        self.sent.append((data, to))
        return not self.refuses

    def send_all(self, datagrams):
        self.sent += datagrams
        return range(len(datagrams)) if self.refuses else ()


class FakeRegistry:
    def __init__(self):
        self.seen = []
        self.unsigned = []

    def hear(self, request):
        self.seen.append(request.client.id)

    def mark_unsigned(self, nas_id):
        self.unsigned.append(nas_id)


class Port:
    """A port under test and what it did."""

    def __init__(self, answer, in_flight_max=10, **limits):
        self.clock = FakeClock()
        self.metrics = CollectorRegistry()
        self.datagrams = FakeDatagrams()
        self.registry = FakeRegistry()
        self.port = RadiusPort(
            "access",
            Connection({"192.0.2.1": Client("ap", (SECRET,))}.get, AUTH_CODES),
            answer,
            alive=ALIVE_ACCESS,
            registry=self.registry,
            metrics=RadiusMetrics(self.metrics),
            clock=self.clock,
            in_flight_max=in_flight_max,
            limits=StormLimits(**limits),
        )
        self.intake = self.port.attach(self.datagrams)

    async def receive(self, data, source=NAS):
        self.port.datagram_received(data, source)
        for _ in range(5):
            await asyncio.sleep(0)

    def shows(self, line):
        return line in generate_latest(self.metrics).decode()


def ask(identifier=1, code=Code.ACCESS_REQUEST):
    return sign_request(code, identifier, [], SECRET, random_authenticator=bytes(16))


async def accept(_request):
    return Answer(Code.ACCESS_ACCEPT, (), "accept")


async def test_a_request_is_answered_to_where_it_came_from():
    port = Port(accept)
    await port.receive(ask(identifier=7))
    ((data, to),) = port.datagrams.sent
    assert to == NAS
    assert parse_packet(data).identifier == 7
    assert port.registry.seen == ["ap"]
    assert port.shows('kolco_radius_replies_total{nas="ap",outcome="accept"} 1.0')


async def test_a_repetition_is_answered_again_with_no_work():
    port = Port(accept)
    await port.receive(ask())
    await port.receive(ask())
    first, second = port.datagrams.sent
    assert first == second
    assert port.shows('kolco_radius_duplicates_total{nas="ap"} 1.0')
    assert port.shows('kolco_radius_requests_total{kind="access",nas="ap"} 1.0')


async def test_status_server_is_answered_at_once():
    port = Port(None)
    port.port.datagram_received(ask(code=Code.STATUS_SERVER), NAS)
    assert len(port.datagrams.sent) == 1


async def test_strangers_are_counted_and_get_nothing():
    port = Port(accept)
    await port.receive(ask(), ("198.51.100.1", 1))
    await port.receive(b"", NAS)
    assert port.datagrams.sent == []
    assert port.shows('kolco_radius_dropped_total{nas="unknown",reason="unknown-nas"} 1.0')
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="short"} 1.0')


@pytest.mark.parametrize(
    ("error", "reason"),
    [(MalformedError(DropReason.BAD_ATTRIBUTE), "bad-attribute"), (OSError("disk"), "failed")],
)
async def test_what_cannot_be_answered_is_tried_again_on_the_next_packet(error, reason):
    calls = []

    async def fail(request):
        calls.append(request)
        raise error

    port = Port(fail)
    await port.receive(ask())
    await port.receive(ask())
    assert len(calls) == 2
    assert port.datagrams.sent == []
    assert port.shows(f'kolco_radius_dropped_total{{nas="ap",reason="{reason}"}} 2.0')


async def test_too_many_at_a_time_are_dropped():
    release = asyncio.Event()

    async def wait(request):
        await release.wait()
        return await accept(request)

    port = Port(wait, in_flight_max=2)
    for identifier in range(3):
        await port.receive(ask(identifier))
    assert port.port.in_flight == 2
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="overload"} 1.0')
    release.set()
    await port.port.drain()
    assert len(port.datagrams.sent) == 2
    await port.receive(ask(2))
    assert len(port.datagrams.sent) == 3


async def test_reasons_of_rejects_are_counted():
    async def reject(_request):
        return Answer(Code.ACCESS_REJECT, (), "reject", "unknown-device")

    port = Port(reject)
    await port.receive(ask())
    assert port.shows('kolco_radius_refusals_total{reason="unknown-device"} 1.0')


async def test_an_answer_that_is_there_is_sent_at_once():
    port = Port(lambda _request: Answer(Code.ACCESS_ACCEPT, (), "accept"))
    port.port.datagram_received(ask(), NAS)
    assert len(port.datagrams.sent) == 1
    assert port.port.in_flight == 0


async def test_a_future_is_waited_for_without_a_task():
    answer = asyncio.get_running_loop().create_future()
    port = Port(lambda _request: answer)
    tasks = len(asyncio.all_tasks())
    await port.receive(ask())
    assert (port.port.in_flight, len(asyncio.all_tasks())) == (1, tasks)
    answer.set_result(Answer(Code.ACCESS_ACCEPT, (), "accept"))
    await port.port.drain()
    assert len(port.datagrams.sent) == 1
    assert port.port.in_flight == 0


async def test_requests_that_wait_for_one_future_are_answered_together():
    answer = asyncio.get_running_loop().create_future()
    port = Port(lambda _request: answer)
    for identifier in range(3):
        await port.receive(ask(identifier))
    assert port.port.in_flight == 3
    answer.set_result(Answer(Code.ACCESS_ACCEPT, (), "accept"))
    await port.port.drain()
    assert [data[1] for data, _ in port.datagrams.sent] == [0, 1, 2]
    assert port.port.in_flight == 0


async def test_a_fault_that_several_wait_for_is_counted_for_each():
    answer = asyncio.get_running_loop().create_future()
    port = Port(lambda _request: answer)
    for identifier in range(3):
        await port.receive(ask(identifier))
    answer.set_exception(MalformedError(DropReason.BAD_ATTRIBUTE))
    await port.port.drain()
    assert port.datagrams.sent == []
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="bad-attribute"} 3.0')


async def test_a_fault_before_anything_is_awaited_is_counted():
    def fail(_request):
        raise MalformedError(DropReason.BAD_ATTRIBUTE)

    port = Port(fail)
    await port.receive(ask())
    await port.receive(ask())
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="bad-attribute"} 2.0')


async def test_what_is_late_at_the_end_is_given_up(monkeypatch):
    async def at_once(pending, **_options):
        return set(), set(pending)

    monkeypatch.setattr(asyncio, "wait", at_once)
    port = Port(lambda _request: asyncio.get_running_loop().create_future())
    await port.receive(ask())
    await port.port.drain()
    assert port.port.in_flight == 0
    assert port.datagrams.sent == []


async def test_what_another_worker_has_taken_is_neither_answered_nor_remembered():
    port = Port(lambda _request: HANDED_OVER)
    await port.receive(ask())
    await port.receive(ask())
    assert port.datagrams.sent == []
    assert not port.shows("kolco_radius_replies_total{")
    assert not port.shows("kolco_radius_dropped_total{")


def reject(_request):
    return Answer(Code.ACCESS_REJECT, (), "reject", "unknown-device")


async def test_a_reject_is_kept_back_and_then_sent():
    port = Port(reject, reject_delay_s=0.001)
    await port.receive(ask())
    assert (port.datagrams.sent, port.port.delayed) == ([], 1)
    await port.receive(ask())  # asking again does not bring it earlier
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="duplicate-in-progress"} 1.0')
    port.clock.advance(1)
    async with asyncio.timeout(5):
        while port.port.delayed:
            await asyncio.sleep(0)
    assert len(port.datagrams.sent) == 1
    await port.receive(ask())
    first, second = port.datagrams.sent
    assert first == second


async def test_one_kept_back_too_many_sends_the_oldest():
    port = Port(reject, reject_delay_s=60, delayed_max=2)
    for identifier in range(3):
        await port.receive(ask(identifier))
    assert [data[1] for data, _ in port.datagrams.sent] == [0]
    await port.port.drain()
    assert [data[1] for data, _ in port.datagrams.sent] == [0, 1, 2]


async def test_a_challenge_is_never_kept_back():
    port = Port(lambda _request: Answer(Code.ACCESS_CHALLENGE, (), "challenge"), reject_delay_s=60)
    await port.receive(ask())
    assert len(port.datagrams.sent) == 1


async def test_what_the_kernel_does_not_send_is_counted():
    port = Port(accept)
    port.datagrams.refuses = True
    await port.receive(ask())
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="unsent"} 1.0')


async def test_an_answer_that_cannot_be_encoded_leaves_the_port_up():
    port = Port(lambda _request: Answer(Code.ACCESS_ACCEPT, [(1, bytes(300))], "accept"))
    await port.receive(ask())
    assert port.datagrams.sent == []
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="failed"} 1.0')


async def test_datagrams_are_read_from_the_socket():
    port = Port(accept)
    port.datagrams.arrived = [(ask(number), NAS) for number in range(5)]
    port.intake.read()
    await port.port.drain()
    assert [data[1] for data, _ in port.datagrams.sent] == [0, 1, 2, 3, 4]


async def test_in_a_storm_strangers_and_the_impatient_are_counted():
    port = Port(accept, in_flight_max=1000, nas_timeout_s=2.0, queue_max=300)
    stranger = ("198.51.100.1", 1)
    port.datagrams.arrived = [(ask(), stranger)] * BATCH + [(ask(number), NAS) for number in range(3)]
    port.datagrams.waited_s = 1.5
    port.intake.read()
    await port.port.drain()
    assert port.datagrams.sent == []
    assert port.shows(f'kolco_radius_dropped_total{{nas="unknown",reason="unknown-nas"}} {BATCH}.0')
    assert port.shows('kolco_radius_dropped_total{nas="ap",reason="waited-too-long"} 3.0')


async def test_what_waits_for_room_is_worked_on_when_there_is_some():
    release = asyncio.Event()

    async def wait(request):
        await release.wait()
        return await accept(request)

    port = Port(wait, in_flight_max=2)
    port.datagrams.arrived = [(ask(number), NAS) for number in range(2)]
    port.intake.read()
    port.datagrams.arrived = [(ask(number), NAS) for number in range(2, 6)]
    port.intake.read()
    assert (port.port.in_flight, port.port.waiting) == (2, 4)
    release.set()
    async with asyncio.timeout(5):
        while len(port.datagrams.sent) < 6:
            await asyncio.sleep(0)
    assert port.port.waiting == 0


async def test_who_does_not_sign_is_noted_though_it_is_dropped():
    port = Port(accept)
    await port.receive(encode_packet(Code.ACCESS_REQUEST, 1, bytes(16), []))
    assert port.datagrams.sent == []
    assert port.registry.unsigned == ["ap"]


async def test_answers_of_a_batch_are_sent_together_and_none_is_left_over():
    port = Port(lambda _request: Answer(Code.ACCESS_ACCEPT, (), "accept"))
    port.datagrams.arrived = [(ask(number), NAS) for number in range(50)]
    port.intake.read()
    assert [data[1] for data, _ in port.datagrams.sent] == list(range(50))
