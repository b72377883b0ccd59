"""Reads a socket: on a calm day straight into the work, in a storm through the queue that says who is next.

Calm is when the socket is read empty at once. Then nothing is classified, queued or timed. Else what has
come in is sorted into the queue, for a small part of the time only (what is beyond that stays in the
kernel, where to be thrown away costs us nothing), and worked on in slices, between which the event loop
turns.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from controller.core.clock import Clock
from radius.datagrams import BATCH, Datagram, PlainDatagrams
from radius.protocol.connection import Address
from radius.storm.queue import StormQueue

_READ_S: Final = 0.0005
_WORK_S: Final = 0.005
"""How long in one go the socket is read and the queue worked on, in a storm."""

Take = Callable[[bytes, Address, float], None]
"""Takes a datagram, where it came from and when it arrived, by the monotonic clock."""


class Intake:
    """See the module.

    Args:
        datagrams: the socket's.
        take: works on one datagram.
        queue: where they wait in a storm.
        may_wait: tells whether one from there may wait; counts it if not.
        is_full: tells that no more can be worked on now; what waits goes on waiting.
        flush: called when it has worked for now.
        clock: gives the time.

    Attributes:
        busy: it is at work, and calls `flush` after it.
    """

    def __init__(
        self,
        datagrams: PlainDatagrams,
        take: Take,
        queue: StormQueue,
        *,
        may_wait: Callable[[Address], bool],
        is_full: Callable[[], bool],
        flush: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._datagrams = datagrams
        self._take = take
        self._queue = queue
        self._may_wait = may_wait
        self._is_full = is_full
        self._flush = flush
        self.busy = False
        self._monotonic = clock.monotonic
        self._again: asyncio.Handle | None = None

    def read(self) -> None:
        """Read what has come in and work on it; to be called when the socket has something."""
        datagrams = self._datagrams.receive()
        now = self._monotonic()
        if self._queue.waiting or len(datagrams) >= BATCH or self._is_full():
            self._sort(datagrams, now)
            self.work()
            return
        take, arrived_at = self._take, now - self._datagrams.waited_s
        self.busy = True
        try:
            for data, source in datagrams:
                take(data, source, arrived_at)
        finally:
            self.busy = False
            self._flush()

    def work(self) -> None:
        """Work on what waits for one slice of time, and have it gone on with after others had their turn."""
        queue, now = self._queue, self._monotonic()
        until = now + _WORK_S
        self.busy = True
        try:
            while now < until and not self._is_full():
                waiting = queue.take(now)
                if waiting is None:
                    return
                self._take(*waiting)
                now = self._monotonic()
        finally:
            self.busy = False
            self._flush()
        self.wake()

    def wake(self) -> None:
        """Have the work gone on with soon, if anything waits and more can be worked on."""
        if self._again is None and self._queue.waiting and not self._is_full():
            self._again = asyncio.get_running_loop().call_soon(self._go_on)

    def stop(self) -> None:
        """Work no more."""
        if self._again is not None:
            self._again.cancel()

    def _go_on(self) -> None:
        self._again = None
        self.work()

    def _sort(self, datagrams: Sequence[Datagram], now: float) -> None:
        put, may_wait, started = self._queue.put, self._may_wait, now
        while True:
            arrived_at = now - self._datagrams.waited_s
            for data, source in datagrams:
                if may_wait(source):
                    put(data, source, arrived_at)
            now = self._monotonic()
            if len(datagrams) < BATCH or now - started > _READ_S:
                return
            datagrams = self._datagrams.receive()
