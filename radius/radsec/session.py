"""One RadSec connection of a NAS: packets in, answers out, in whatever order they are ready.

Every kind of packet comes on the one connection (RFC 6614 §2.1). What is genuine is
`protocol.connection`'s matter, with a duplicate cache of its own for each connection; what to answer the
`Handlers`'. What RFC 6613 §2.6.4 calls malformed or forged ends the connection: TLS has vouched for the
peer, so it is broken. A peer that does not read gets no more of its requests read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from controller.core.log import get_logger
from radius.journal.errors import NotStoredError
from radius.metrics import RadiusMetrics
from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.connection import (
    ACCT_CODES,
    AUTH_CODES,
    DYNAMIC_CODES,
    Client,
    Connection,
    Dropped,
    DuplicateReceived,
    RequestReceived,
)
from radius.protocol.errors import DropReason, PeerError
from radius.protocol.packet import AUTHENTICATOR_LENGTH, Attribute, encode_integer, encode_packet
from radius.proxy.table import PendingTable
from radius.radsec.framing import Framer
from radius.radsec.metrics import Ended
from radius.radsec.peers import SECRET, Peer
from radius.reply import ALIVE_ACCESS, Answer
from radius.server import FAILED, LOG_FAILED, OVERLOAD, AnswerRequest
from radius.storm.delay import Delayed

_DELAYED_MAX: Final = 128
"""Access-Rejects kept back; the other half of the identifiers is for those who are let in."""
IN_FLIGHT_MAX: Final = 512
"""Requests of one connection worked on at a time; it has 256 identifiers for each code."""
WRITE_BUFFER_OCTETS: Final = 262_144
_REMEMBERED_MAX: Final = 1_024
_UNSUPPORTED_EXTENSION: Final = 406
"""Error-Cause that refuses what only UDP's port for dynamic authorisation serves (RFC 6614 §2.5)."""
_FATAL: Final = frozenset(
    {
        DropReason.SHORT,
        DropReason.BAD_LENGTH,
        DropReason.BAD_ATTRIBUTE,
        DropReason.TOO_MANY_ATTRIBUTES,
        DropReason.BAD_AUTHENTICATOR,
        DropReason.BAD_MESSAGE_AUTHENTICATOR,
    }
)
_DYNAMIC_REPLIES: Final = frozenset({Code.DISCONNECT_ACK, Code.DISCONNECT_NAK, Code.COA_ACK, Code.COA_NAK})
_ALL_CODES: Final = AUTH_CODES | ACCT_CODES | DYNAMIC_CODES

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handlers:
    """What answers.

    Attributes:
        access: answers Access-Requests.
        accounting: answers Accounting-Requests.
        heard: told the NAS that sent a genuine request.
        metrics: counts requests and replies.
        monotonic: gives seconds of a clock that never goes back.
        duplicates_s: seconds an answer is kept for a repeated request.
        reject_delay_s: seconds an Access-Reject is kept back; 0: not at all.
        admit: told a peer's address and the time; False drops what it sent. None admits all.
    """

    access: AnswerRequest
    accounting: AnswerRequest
    heard: Callable[[str], None]
    metrics: RadiusMetrics
    monotonic: Callable[[], float]
    duplicates_s: float
    reject_delay_s: float = 0.0
    admit: Callable[[str, float], bool] | None = None


class RadsecSession(asyncio.Protocol):
    """See the module.

    Args:
        admit: told when TLS is up; says who is at the other end, or why the connection is refused.
        handlers: what answers.
        ended: told once, when the connection is over, and why.
    """

    def __init__(
        self,
        admit: Callable[["RadsecSession", asyncio.Transport], Peer | Ended],
        handlers: Handlers,
        ended: Callable[["RadsecSession", Ended], None],
    ) -> None:
        self._admit = admit
        self._handlers = handlers
        self._ended = ended
        self._framer = Framer()
        self._pending: set[asyncio.Future[Answer]] = set()
        self._delayed: Delayed[tuple[Connection, RequestReceived, Answer]] = Delayed(
            handlers.reject_delay_s, _DELAYED_MAX
        )
        self._timer: asyncio.TimerHandle | None = None
        self._reason = Ended.CLOSED
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._source = ("", 0)
        self._asked = PendingTable(SECRET, require_message_authenticator=False)
        self.peer: Peer | None = None
        self.certificate_der = b""
        self.heard_at = 0.0
        self.paused_at: float | None = None

    @property
    def in_flight(self) -> int:
        """The number of requests being worked on."""
        return len(self._pending)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if the peer is known."""
        self._transport = stream = cast("asyncio.Transport", transport)
        self.heard_at = self._handlers.monotonic()
        found = self._admit(self, stream)
        if isinstance(found, Ended):
            self.end(found)
            return
        self.peer = found
        self.certificate_der = stream.get_extra_info("ssl_object").getpeercert(binary_form=True)
        stream.set_write_buffer_limits(high=WRITE_BUFFER_OCTETS)
        self._source = (found.address, stream.get_extra_info("peername")[1])
        self._connection = Connection(
            partial(_same, found.client),
            _ALL_CODES,
            remember_s=self._handlers.duplicates_s,
            max_remembered=_REMEMBERED_MAX,
            admit=None
            if self._handlers.admit is None
            else partial(_admit, self._handlers.admit, found.address),
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is under way: there is nobody to answer."""
        del exc
        for pending in tuple(self._pending):
            pending.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._delayed.take_all()
        self._asked.fail(ConnectionError())
        self._transport = None
        self._ended(self, self._reason)

    def data_received(self, data: bytes) -> None:
        """Take what the stream brought."""
        connection = self._connection
        if connection is None or self._transport is None or self._transport.is_closing():
            return
        self.heard_at = now = self._handlers.monotonic()
        try:
            packets = self._framer.receive(data)
        except PeerError as error:
            self._drop(error.reason)
            return
        for octets in packets:
            if octets[0] in _DYNAMIC_REPLIES:
                self._take_reply(octets)
                continue
            event = connection.receive(octets, self._source, now)
            if isinstance(event, Dropped):
                self._drop(event.reason)
            elif isinstance(event, DuplicateReceived):
                self._handlers.metrics.count_duplicate(event.client.id)
                self._write(event.data)
            else:
                self._take(connection, event)

    def eof_received(self) -> None:
        """Close our side as well: TLS has no half-closed connections."""

    def pause_writing(self) -> None:
        """Read no more requests of a peer that does not take our answers."""
        self.paused_at = self._handlers.monotonic()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        self.paused_at = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def end(self, reason: Ended) -> None:
        """Close the connection; at once if the peer is not to be, or cannot be, told."""
        if self._transport is None or self._transport.is_closing():
            return
        self._reason = reason
        if reason in {Ended.IDLE, Ended.SHUTDOWN}:
            self._transport.close()
        else:
            self._transport.abort()

    async def drain(self) -> None:
        """Wait until what is under way is answered, two seconds at most; what is kept back leaves now."""
        if self._pending:
            await asyncio.wait(self._pending, timeout=2.0)
        for kept in self._delayed.take_all():
            self._send(*kept)

    async def ask(self, code: Code, attributes: Sequence[Attribute], patience_s: float) -> bytes:
        """Ask the NAS over its own connection; the octets of its genuine answer, empty if there is none."""
        if self._asked.full:
            return b""
        waiting = self._asked.add(code, attributes, bytes(AUTHENTICATOR_LENGTH))
        self._write(waiting.pending.data)
        try:
            await asyncio.wait([waiting.reply], timeout=patience_s)
            if not waiting.reply.done() or waiting.reply.exception() is not None:
                return b""
            packet = waiting.reply.result()
            return encode_packet(packet.code, packet.identifier, packet.authenticator, packet.attributes)
        finally:
            self._asked.remove(waiting)

    def _take_reply(self, octets: bytes) -> None:
        try:
            self._asked.receive(octets)
        except PeerError as error:
            self._drop(error.reason)

    def _drop(self, reason: DropReason) -> None:
        if self.peer is not None:
            self._handlers.metrics.count_dropped(self.peer.client.id, reason)
        if reason in _FATAL:
            self.end(Ended.GARBAGE)

    def _take(self, connection: Connection, request: RequestReceived) -> None:
        nas = request.client.id
        handlers = self._handlers
        handlers.heard(nas)
        code = request.packet.code
        if code == Code.STATUS_SERVER:
            handlers.metrics.count_request(nas, "status")
            self._reply(connection, request, ALIVE_ACCESS, "status")
            return
        if len(self._pending) >= IN_FLIGHT_MAX:
            connection.forget(request)
            handlers.metrics.count_dropped(nas, OVERLOAD)
            return
        kind, handler = self._route(code)
        handlers.metrics.count_request(nas, kind)
        try:
            answer = handler(request)
            if isinstance(answer, Answer):
                self._reply(connection, request, answer, kind)
            else:
                self._wait(connection, request, answer, kind)
        except Exception as error:  # noqa: BLE001 - a fault in one request must not end the connection
            self._give_up(connection, request, error, kind)

    def _route(self, code: int) -> tuple[str, AnswerRequest]:
        if code == Code.ACCESS_REQUEST:
            return "access", self._handlers.access
        if code == Code.ACCOUNTING_REQUEST:
            return "accounting", self._handlers.accounting
        return "dynamic", _refuse_dynamic

    def _wait(
        self, connection: Connection, request: RequestReceived, answer: Awaitable[Answer], kind: str
    ) -> None:
        # Accounting of others waits for the same future: it must not end with this connection.
        pending = asyncio.shield(answer) if kind == "accounting" else asyncio.ensure_future(answer)
        self._pending.add(pending)
        pending.add_done_callback(partial(self._finish, connection, request, kind))

    def _finish(
        self, connection: Connection, request: RequestReceived, kind: str, answered: asyncio.Future[Answer]
    ) -> None:
        self._pending.discard(answered)
        if answered.cancelled():
            connection.forget(request)
            return
        try:
            self._reply(connection, request, answered.result(), kind)
        except Exception as error:  # noqa: BLE001 - a fault in one request must not end the connection
            self._give_up(connection, request, error, kind)

    def _give_up(self, connection: Connection, request: RequestReceived, error: Exception, kind: str) -> None:
        connection.forget(request)
        nas = request.client.id
        if isinstance(error, PeerError | NotStoredError):
            self._handlers.metrics.count_dropped(nas, error.reason)
            return
        self._handlers.metrics.count_dropped(nas, FAILED)
        # Only the kind of fault: a database's message may hold the device's address.
        _log.error(LOG_FAILED, nas=nas, kind=kind, error=type(error).__name__)

    def _reply(self, connection: Connection, request: RequestReceived, answer: Answer, kind: str) -> None:
        now, metrics = self._handlers.monotonic(), self._handlers.metrics
        if answer.code == Code.ACCESS_REJECT and self._handlers.reject_delay_s:
            for early in self._delayed.keep((connection, request, answer), now):
                self._send(*early)
            self._arm(now)
        elif not self._send(connection, request, answer):
            return
        if answer.refusal:
            metrics.count_refusal(answer.refusal)
        metrics.count_reply(request.client.id, answer.outcome, kind, now - request.received_at, answer.method)

    def _arm(self, now: float) -> None:
        due_at = self._delayed.due_at
        if due_at is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due_at - now), self._send_due)

    def _send_due(self) -> None:
        self._timer = None
        for kept in self._delayed.take_due(self._handlers.monotonic()):
            self._send(*kept)
        self._arm(self._handlers.monotonic())

    def _send(self, connection: Connection, request: RequestReceived, answer: Answer) -> bool:
        data = connection.reply(request, answer.code, answer.attributes)
        if data is not None:
            self._write(data)
        return data is not None

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _admit(admit: Callable[[str, float], bool], address: str, _nas: str, now: float) -> bool:
    """Access points without an entry share an identifier, but no limit."""
    return admit(address, now)


def _same(client: Client, _source: str) -> Client:
    return client


def _refuse_dynamic(request: RequestReceived) -> Answer:
    coa = request.packet.code == Code.COA_REQUEST
    code = Code.COA_NAK if coa else Code.DISCONNECT_NAK
    cause = encode_integer(a.ERROR_CAUSE, _UNSUPPORTED_EXTENSION)
    return Answer(code, (cause,), "coa-nak" if coa else "disconnect-nak")
