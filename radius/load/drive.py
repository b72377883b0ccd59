"""Drives the lanes: keeps so many requests under way (closed loop), or sends at a rate (open loop)."""

import select
import time
from collections.abc import Sequence
from typing import Final, Protocol

from radius.load.lane import BLOCK, Believe, Lane
from radius.load.plan import Pace
from radius.load.wire import Incoming

_SWEEP_S: Final = 0.1
_TICK_S: Final = 0.001


class Drive(Protocol):
    """Sends everything and takes the answers.

    Attributes:
        started: when the first packet was sent, by `time.perf_counter`.
        sent: when the last was.
        ended: when the last answer came, not before `sent`.
    """

    started: float
    sent: float
    ended: float

    def run(self) -> None:
        """Do it."""


class _Loop:
    """What both loops do alike: wait, receive, give up."""

    def __init__(
        self, lanes: Sequence[Lane], pace: Pace, incoming: Incoming, believe: Believe | None, every: int
    ) -> None:
        self._lanes = lanes
        self._pace = pace
        self._incoming = incoming
        self._believe = believe
        self._every = every
        self._by_fd = {lane.sock.fileno(): lane for lane in lanes}
        self._poll = select.epoll(len(lanes))
        for fd in self._by_fd:
            self._poll.register(fd, select.EPOLLIN)
        self.started = self.sent = self.ended = 0.0
        self._sweep_at = 0.0

    def _begin(self) -> float:
        now = self.started = self.sent = self.ended = time.perf_counter()
        self._sweep_at = now + _SWEEP_S
        return now

    def _receive(self, wait_s: float) -> list[Lane]:
        """Take what there is; return the lanes that had something."""
        heard = []
        for fd, _ in self._poll.poll(wait_s):
            lane = self._by_fd[fd]
            count = self._incoming.receive(lane.sock)
            if count:
                now = time.perf_counter()
                if lane.take(self._incoming, count, now, self._believe, self._every):
                    self.ended = now
                heard.append(lane)
        return heard

    def _sweep(self) -> bool:
        """Now and then look for what is too late; return whether it did."""
        now = time.perf_counter()
        if now < self._sweep_at:
            return False
        self._sweep_at = now + _SWEEP_S
        for lane in self._lanes:
            lane.sweep(now, self._pace.timeout_s, self._pace.retry_s)
        return True

    def _drain(self) -> None:
        while any(lane.under_way for lane in self._lanes):
            self._receive(_SWEEP_S)
            self._sweep()
        self.ended = max(self.ended, self.sent)


class ClosedLoop(_Loop):
    """Sends a request for each that is answered or given up."""

    def run(self) -> None:
        """Do it."""
        now = self._begin()
        window = max(1, self._pace.in_flight // len(self._lanes))
        stop = now + self._pace.seconds if self._pace.seconds else float("inf")
        active = set(self._lanes)
        for lane in self._lanes:
            self._fill(lane, window, now)
        while active and now < stop:
            heard = self._receive(_SWEEP_S)
            now = time.perf_counter()
            for lane in self._lanes if self._sweep() else heard:
                self._fill(lane, window, now)
                if not lane.under_way and lane.over:
                    active.discard(lane)
        self._poll_to_end()

    def _fill(self, lane: Lane, window: int, now: float) -> None:
        while lane.under_way < window and lane.send(window - lane.under_way, now, insist=False):
            self.sent = now

    def _poll_to_end(self) -> None:
        self._drain()
        self._poll.close()


class OpenLoop(_Loop):
    """Sends when it is time, whatever has been answered."""

    def run(self) -> None:
        """Do it."""
        start = self._begin()
        rate, lanes = self._pace.rate, self._lanes
        stop = start + self._pace.seconds if self._pace.seconds else float("inf")
        sent = turn = idle = 0
        while idle < len(lanes) and time.perf_counter() < stop:
            now = time.perf_counter()
            due = int((now - start) * rate) - sent
            while due > 0 and idle < len(lanes):
                count = lanes[turn].send(min(due, BLOCK), now, insist=True)
                turn = (turn + 1) % len(lanes)
                idle = 0 if count else idle + 1
                sent += count
                due -= count
                if count:
                    self.sent = now
            self._receive(_TICK_S)
            self._sweep()
        self._drain()
        self._poll.close()


def make_drive(
    lanes: Sequence[Lane], pace: Pace, incoming: Incoming, believe: Believe | None, every: int
) -> Drive:
    """Return the loop that a pace asks for."""
    kind = OpenLoop if pace.rate else ClosedLoop
    return kind(lanes, pace, incoming, believe, every)
