import asyncio

from radius.datagrams import BATCH
from radius.intake import Intake
from radius.protocol.packet import encode_packet
from radius.storm.queue import StormQueue
from tests.fakes.clock import FakeClock

SOURCE = ("192.0.2.1", 40000)
STRANGER = ("198.51.100.1", 1)


def login(number=0):
    return encode_packet(1, number % 256, number.to_bytes(16, "big"), [])


def interim(number=0):
    return encode_packet(4, number % 256, number.to_bytes(16, "big"), [(40, b"\0\0\0\3")])


class Socket:
    def __init__(self):
        self.waited_s = 0.25
        self.arrived = []

    def receive(self):
        batch, self.arrived = self.arrived[:BATCH], self.arrived[BATCH:]
        return batch


class Tried:
    """An intake, its socket and what was worked on; each piece of work takes a little over a millisecond."""

    def __init__(self, most=10_000):
        self.socket = Socket()
        self.clock = FakeClock()
        self.taken = []
        self.shed = []
        self.flushed = []
        self.full = False
        self.queue = StormQueue(most, 1.5, lambda source, reason: self.shed.append(reason))
        self.intake = Intake(
            self.socket,
            self.take,
            self.queue,
            may_wait=lambda source: source != STRANGER,
            is_full=lambda: self.full,
            flush=lambda: self.flushed.append(len(self.taken)),
            clock=self.clock,
        )

    def take(self, data, source, arrived_at):
        self.taken.append((data, source, arrived_at))
        self.clock.advance(0.0011)

    def arrive(self, *datagrams):
        self.socket.arrived += [(data, SOURCE) for data in datagrams]


async def settle():
    for _ in range(500):
        await asyncio.sleep(0)


def test_on_a_calm_day_all_is_worked_on_at_once_in_order():
    tried = Tried()
    tried.arrive(interim(), login(1), login(2))
    now = tried.clock.monotonic()
    tried.intake.read()
    assert tried.taken == [(data, SOURCE, now - 0.25) for data in (interim(), login(1), login(2))]
    assert tried.queue.waiting == 0
    assert tried.flushed == [3]
    assert not tried.intake.busy


async def test_in_a_storm_the_urgent_goes_first_and_the_loop_turns_between_slices():
    tried = Tried()
    tried.arrive(*map(interim, range(BATCH)), *map(login, range(20)))
    tried.intake.read()
    assert len(tried.taken) == 5  # milliseconds of a slice
    await settle()
    assert [data[0] for data, _, _ in tried.taken] == [1] * 20 + [4] * BATCH
    assert tried.shed == []


async def test_what_waited_too_long_is_not_worked_on():
    tried = Tried()
    tried.arrive(*map(login, range(BATCH)))
    tried.intake.read()
    tried.clock.advance(1.6)
    await settle()
    assert (len(tried.taken), len(tried.shed)) == (5, BATCH - 5)


async def test_strangers_take_no_room_in_the_queue():
    tried = Tried()
    tried.socket.arrived = [(login(), STRANGER)] * BATCH + [(login(), SOURCE)]
    tried.intake.read()
    await settle()
    assert [source for _, source, _ in tried.taken] == [SOURCE]


async def test_when_no_more_can_be_worked_on_datagrams_wait_until_they_can():
    tried = Tried()
    tried.full = True
    tried.arrive(login())
    tried.intake.read()
    await settle()
    assert (tried.taken, tried.queue.waiting) == ([], 1)
    tried.full = False
    tried.intake.wake()
    await settle()
    assert len(tried.taken) == 1


async def test_after_the_end_nothing_is_worked_on():
    tried = Tried()
    tried.arrive(*map(login, range(BATCH)))
    tried.intake.read()
    tried.intake.stop()
    await settle()
    assert len(tried.taken) == 5
