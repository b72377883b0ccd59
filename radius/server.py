"""The UDP shell: datagrams in, replies out. Decides nothing.

An answer that is there at once is sent at once; one that is not is waited for, without a task if it is a
future. What is genuine is `protocol.connection`'s matter, what to answer the `answer` function's.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, cast

from controller.core.clock import Clock
from controller.core.log import get_logger
from radius.metrics import UNKNOWN_NAS, RadiusMetrics
from radius.nas import NasRegistry
from radius.protocol.attributes import Code
from radius.protocol.connection import (
    Address,
    Connection,
    Dropped,
    DuplicateReceived,
    RequestReceived,
)
from radius.protocol.errors import PeerError
from radius.reply import HANDED_OVER, Answer

LOG_FAILED = "radius.request_failed"
OVERLOAD: Final = "overload"
FAILED: Final = "failed"

_log = get_logger(__name__)

AnswerRequest = Callable[[RequestReceived], Answer | Awaitable[Answer]]
"""Answers a request: at once, by a future (which costs no task) or by any other awaitable (a task)."""


class RadiusPort(asyncio.DatagramProtocol):
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
    ) -> None:
        self._kind = kind
        self._connection = connection
        self._answer = answer
        self._alive = alive
        self._registry = registry
        self._metrics = metrics
        self._clock = clock
        self._in_flight_max = in_flight_max
        self._pending: set[asyncio.Future[Answer]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def in_flight(self) -> int:
        """The number of requests being worked on."""
        return len(self._pending)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one datagram."""
        event = self._connection.receive(data, (addr[0], addr[1]), self._clock.monotonic())
        if isinstance(event, Dropped):
            nas = UNKNOWN_NAS if event.client is None else event.client.id
            self._metrics.count_dropped(nas, event.reason)
        elif isinstance(event, DuplicateReceived):
            self._metrics.count_duplicate(event.client.id)
            self._send(event.data, addr)
        else:
            self._take(event)

    def error_received(self, exc: Exception) -> None:
        """Ignore that a NAS's port was closed when our answer came."""

    async def drain(self) -> None:
        """Wait until what is under way is answered, two seconds at most; then give up the rest."""
        if self._pending:
            _, late = await asyncio.wait(self._pending, timeout=2.0)
            for pending in late:
                pending.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _take(self, request: RequestReceived) -> None:
        nas = request.client.id
        self._registry.mark_seen(nas)
        if request.packet.code == Code.STATUS_SERVER:
            self._metrics.count_request(nas, "status")
            self._reply(request, self._alive, "status")
            return
        if len(self._pending) >= self._in_flight_max:
            self._connection.forget(request)
            self._metrics.count_dropped(nas, OVERLOAD)
            return
        self._metrics.count_request(nas, self._kind)
        try:
            answer = self._answer(request)
            if isinstance(answer, Answer):
                self._reply(request, answer, self._kind)
            else:
                pending = asyncio.ensure_future(answer)
                self._pending.add(pending)
                pending.add_done_callback(partial(self._finish, request))
        except Exception as error:  # noqa: BLE001 - a fault in one request must not end the port
            self._give_up(request, error)

    def _finish(self, request: RequestReceived, answered: asyncio.Future[Answer]) -> None:
        self._pending.discard(answered)
        if answered.cancelled():
            self._connection.forget(request)
            return
        try:
            self._reply(request, answered.result(), self._kind)
        except Exception as error:  # noqa: BLE001 - a fault in one request must not end the port
            self._give_up(request, error)

    def _give_up(self, request: RequestReceived, error: Exception) -> None:
        """Leave a request unanswered: its retransmission is worked on anew."""
        self._connection.forget(request)
        nas = request.client.id
        if isinstance(error, PeerError):
            self._metrics.count_dropped(nas, error.reason)
            return
        self._metrics.count_dropped(nas, FAILED)
        # Only the kind of fault: a database's message may hold the device's address.
        _log.error(LOG_FAILED, nas=nas, kind=self._kind, error=type(error).__name__)

    def _reply(self, request: RequestReceived, answer: Answer, kind: str) -> None:
        if answer is HANDED_OVER:
            self._connection.forget(request)  # a retransmission goes the same way
            return
        data = self._connection.reply(request, answer.code, answer.attributes)
        if data is None:
            return
        self._send(data, request.source)
        if answer.refusal:
            self._metrics.count_refusal(answer.refusal)
        seconds = self._clock.monotonic() - request.received_at
        self._metrics.count_reply(request.client.id, answer.outcome, kind, seconds, answer.method)

    def _send(self, data: bytes, to: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to)


async def open_port(
    sock: socket.socket, port: RadiusPort, *, receive_buffer_bytes: int
) -> asyncio.DatagramTransport:
    """Serve a port on a bound socket until the transport is closed."""
    if receive_buffer_bytes:
        with suppress(OSError):
            # SO_RCVBUFFORCE may pass the kernel's limit but needs CAP_NET_ADMIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: port, sock=sock)
    return transport
