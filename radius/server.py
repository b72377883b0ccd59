"""The UDP shell: datagrams in, replies out. Decides nothing.

An answer that is there at once is sent at once; one that is not is waited for, without a task if it is a
future, and requests that wait for the same future are answered together; an Access-Reject may be kept
back. What is genuine is `protocol.connection`'s matter, what to answer the `answer` function's, who goes
first in a storm `intake`'s.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from controller.core.clock import Clock
from controller.core.log import get_logger
from radius.datagrams import TOGETHER, Datagram, PlainDatagrams, open_datagrams
from radius.intake import Intake
from radius.journal.errors import NotStoredError
from radius.metrics import UNKNOWN_NAS, RadiusMetrics
from radius.nas import NasRegistry
from radius.protocol.attributes import Code
from radius.protocol.connection import (
    Address,
    Connection,
    Dropped,
    RequestReceived,
)
from radius.protocol.errors import DropReason, PeerError
from radius.reply import HANDED_OVER, Answer
from radius.storm.delay import Delayed
from radius.storm.limits import StormLimits
from radius.storm.queue import StormQueue

LOG_FAILED = "radius.request_failed"
OVERLOAD: Final = "overload"
FAILED: Final = "failed"
UNSENT: Final = "unsent"

_ACCESS_REJECT: Final = int(Code.ACCESS_REJECT)
_STATUS_SERVER: Final = int(Code.STATUS_SERVER)
_SO_RCVBUFFORCE: Final = 33
"""Linux `asm-generic/socket.h`."""
_CALM: Final = StormLimits()

_log = get_logger(__name__)

AnswerRequest = Callable[[RequestReceived], Answer | Awaitable[Answer]]
"""Answers a request: at once, by a future (which costs no task, and may be that of other requests too) or by
any other awaitable (a task)."""


class RadiusPort:
    """One UDP port.

    Args:
        kind: `access` or `accounting`, for metrics.
        connection: the protocol's state.
        answer: answers a request; an error of the peer drops it, any other leaves it unanswered.
        alive: the answer to Status-Server.
        registry: told which NAS was heard.
        metrics: counts.
        clock: gives the time.
        in_flight_max: requests worked on at a time.
        limits: how it behaves under load.
    """

    def __init__(
        self,
        kind: str,
        connection: Connection,
        answer: AnswerRequest,
        *,
        alive: Answer,
        registry: NasRegistry,
        metrics: RadiusMetrics,
        clock: Clock,
        in_flight_max: int,
        limits: StormLimits = _CALM,
    ) -> None:
        self._kind = kind
        self._connection = connection
        self._answer = answer
        self._alive = alive
        self._registry = registry
        self._metrics = metrics
        self._clock = clock
        self._in_flight_max = in_flight_max
        self._pending: dict[asyncio.Future[Answer], list[RequestReceived]] = {}
        self._in_flight = 0
        self._queue = StormQueue(limits.queue_max, limits.nas_timeout_s / 2, self._shed)
        self._limits = limits
        self._delayed: Delayed[tuple[RequestReceived, Answer]] = Delayed(
            limits.reject_delay_s, limits.delayed_max
        )
        self._timer: asyncio.TimerHandle | None = None
        self._datagrams: PlainDatagrams | None = None
        self._intake: Intake | None = None
        self._outbox: list[Datagram] = []
        self._outbox_of: list[str] = []
        self._holding = False
        """Answers wait in the outbox until it is flushed."""

    @property
    def in_flight(self) -> int:
        """The number of requests being worked on."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """The number of datagrams that wait in a storm."""
        return self._queue.waiting

    @property
    def delayed(self) -> int:
        """The number of Access-Rejects that are kept back."""
        return len(self._delayed)

    def attach(self, datagrams: PlainDatagrams) -> Intake:
        """Answer through these from now on; what comes in is read by the intake that is returned."""
        self._datagrams = datagrams
        self._intake = Intake(
            datagrams,
            self.receive,
            self._queue,
            may_wait=self._may_wait,
            is_full=self._is_full,
            flush=self._flush,
            clock=self._clock,
        )
        return self._intake

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take one datagram now, however it came."""
        self.receive(data, addr, self._clock.monotonic())

    def receive(self, data: bytes, source: Address, arrived_at: float) -> None:
        """Take one datagram that arrived at a moment of the monotonic clock."""
        event = self._connection.receive(data, source, arrived_at)
        if isinstance(event, RequestReceived):
            self._take(event)
        elif isinstance(event, Dropped):
            nas = UNKNOWN_NAS if event.client is None else event.client.id
            self._metrics.count_dropped(nas, event.reason)
            if event.reason is DropReason.NO_MESSAGE_AUTHENTICATOR:
                self._registry.mark_unsigned(nas)
        else:
            self._metrics.count_duplicate(event.client.id)
            self._send(event.data, event.client.id, source)

    async def drain(self) -> None:
        """Wait until what is under way is answered, two seconds at most; then give up the rest.

        Access-Rejects that were kept back are sent at once.
        """
        if self._timer is not None:
            self._timer.cancel()
        for request, answer in self._delayed.take_all():
            self._reply(request, answer)
        if self._pending:
            _, late = await asyncio.wait(self._pending, timeout=2.0)
            for pending in late:
                pending.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _take(self, request: RequestReceived) -> None:
        nas = request.client.id
        self._registry.hear(request)
        if request.packet.code == _STATUS_SERVER:
            self._metrics.count_request(nas, "status")
            self._settle(request, self._alive, "status")
            return
        if self._is_full():
            self._connection.forget(request)
            self._metrics.count_dropped(nas, OVERLOAD)
            return
        self._metrics.count_request(nas, self._kind)
        try:
            answer = self._answer(request)
            if isinstance(answer, Answer):
                self._settle(request, answer, self._kind)
            else:
                self._wait(request, asyncio.ensure_future(answer))
        except Exception as error:  # noqa: BLE001 - a fault in one request must not end the port
            self._give_up(request, error)

    def _wait(self, request: RequestReceived, answer: asyncio.Future[Answer]) -> None:
        self._in_flight += 1
        together = self._pending.get(answer)
        if together is None:
            self._pending[answer] = [request]
            answer.add_done_callback(self._finish)
        else:
            together.append(request)

    def _finish(self, answered: asyncio.Future[Answer]) -> None:
        requests = self._pending.pop(answered)
        self._in_flight -= len(requests)
        self._holding = True
        for request in requests:
            if answered.cancelled():
                self._connection.forget(request)
                continue
            try:
                self._settle(request, answered.result(), self._kind)
            except Exception as error:  # noqa: BLE001 - a fault in one request must not end the port
                self._give_up(request, error)
        self._holding = False
        self._flush()
        if self._queue.waiting and self._intake is not None:
            self._intake.wake()

    def _is_full(self) -> bool:
        return self._in_flight >= self._in_flight_max

    def _may_wait(self, source: Address) -> bool:
        if self._connection.find_client(source[0]) is not None:
            return True
        self._metrics.count_dropped(UNKNOWN_NAS, DropReason.UNKNOWN_NAS)
        return False

    def _shed(self, source: Address, reason: DropReason) -> None:
        client = self._connection.find_client(source[0])
        self._metrics.count_dropped(UNKNOWN_NAS if client is None else client.id, reason)

    def _give_up(self, request: RequestReceived, error: Exception) -> None:
        """Leave a request unanswered: its retransmission is worked on anew."""
        self._connection.forget(request)
        nas = request.client.id
        if isinstance(error, PeerError | NotStoredError):
            self._metrics.count_dropped(nas, error.reason)
            return
        self._metrics.count_dropped(nas, FAILED)
        # Only the kind of fault: a database's message may hold the device's address.
        _log.error(LOG_FAILED, nas=nas, kind=self._kind, error=type(error).__name__)

    def _settle(self, request: RequestReceived, answer: Answer, kind: str) -> None:
        """Count an answer and send it, or keep it back."""
        if answer is HANDED_OVER:
            self._connection.forget(request)  # a retransmission goes the same way
            return
        now = self._clock.monotonic()
        if answer.refusal:
            self._metrics.count_refusal(answer.refusal)
        self._metrics.count_reply(
            request.client.id, answer.outcome, kind, now - request.received_at, answer.method
        )
        if answer.code == _ACCESS_REJECT and self._limits.reject_delay_s:
            for early in self._delayed.keep((request, answer), now):
                self._reply(*early)
            self._arm(now)
        else:
            self._reply(request, answer)

    def _arm(self, now: float) -> None:
        due_at = self._delayed.due_at
        if due_at is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due_at - now), self._send_due)

    def _send_due(self) -> None:
        self._timer = None
        for request, answer in self._delayed.take_due(self._clock.monotonic()):
            self._reply(request, answer)
        self._arm(self._clock.monotonic())

    def _reply(self, request: RequestReceived, answer: Answer) -> None:
        try:
            data = self._connection.reply(request, answer.code, answer.attributes)
        except Exception as error:  # noqa: BLE001 - an answer that cannot be encoded must not end the port
            self._give_up(request, error)
            return
        if data is not None:
            self._send(data, request.client.id, request.source)

    def _send(self, data: bytes, nas: str, to: Address) -> None:
        # One by one, each answer would wake the process it goes to anew: a third of the time was that.
        if self._holding or (self._intake is not None and self._intake.busy):
            self._outbox.append((data, to))
            self._outbox_of.append(nas)
            if len(self._outbox) >= TOGETHER:
                self._flush()
        elif self._datagrams is not None and not self._datagrams.send(data, to):
            self._metrics.count_dropped(nas, UNSENT)

    def _flush(self) -> None:
        if not self._outbox or self._datagrams is None:
            return
        outbox, nases = self._outbox, self._outbox_of
        self._outbox, self._outbox_of = [], []
        for at in self._datagrams.send_all(outbox):
            self._metrics.count_dropped(nases[at], UNSENT)


class Serving:
    """A port that is served, until closed. The socket stays its opener's."""

    def __init__(self, sock: socket.socket, intake: Intake) -> None:
        self._fd = sock.fileno()
        self._intake = intake
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, intake.read)

    def close(self) -> None:
        """Read no more."""
        self._loop.remove_reader(self._fd)
        self._intake.stop()


def open_port(sock: socket.socket, port: RadiusPort, *, receive_buffer_bytes: int) -> Serving:
    """Serve a port on a bound socket, on the running loop, until it is closed."""
    if receive_buffer_bytes:
        try:
            # SO_RCVBUFFORCE passes the kernel's limit, with CAP_NET_ADMIN.
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer_bytes)
        except OSError:
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    sock.setblocking(False)
    return Serving(sock, port.attach(open_datagrams(sock)))
