"""One access point's websocket: an asyncio protocol around two sans-IO machines.

`websockets.ServerProtocol` turns TLS bytes into frames, `UcentralConnection` turns messages into
events; this module moves bytes between them and hands messages to the channel. No task, queue or
timer per connection: that is what keeps an access point under 150 kB. permessage-deflate is off,
because one context of it costs more than all the rest.

It does not decide who may connect (`endpoint` does) nor what a message means (`handlers`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol, cast

from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State as WebsocketState
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from controller.ap_channel.ucentral.commands import Command, Reply
from controller.ap_channel.ucentral.connection import MAX_MESSAGE, UcentralConnection
from controller.ap_channel.ucentral.errors import Reason
from controller.ap_channel.ucentral.events import (
    CommandTimedOut,
    ConnectionEvent,
    Dropped,
    InputRefused,
    MessageReceived,
    ReplyReceived,
)
from controller.ap_channel.ucentral.messages import Message
from controller.ap_channel.ucentral.registry import Session
from controller.core.errors import UnavailableError

SUBPROTOCOL = Subprotocol("ucentral-broker")
_CLOSE_GRACE_S = 5.0
_MAX_BACKLOG = 256 * 1024
"""Bytes waiting to be sent; an access point that reads nothing is cut past it."""

_BYTES_PER_TICK = 1024 * 1024
"""One access point may send so much a second; then it is not read until the next one, so that a
broken agent (or bombs of compressed states) cannot starve the others."""

_quiet = logging.getLogger("controller.websockets")
_quiet.setLevel(logging.CRITICAL)  # peers' errors are counted, not logged


class Channel(Protocol):
    """What a link tells the endpoint."""

    def monotonic(self) -> float:
        """Seconds."""

    def on_message(self, link: ApLink, message: Message, size: int) -> None:
        """A good message; the first one is ``connect``."""

    def on_refused(self, reason: Reason) -> None:
        """Bad input, to be counted."""

    def on_dropped(self, why: str) -> None:
        """We close a connection."""

    def on_slowed(self) -> None:
        """An access point sent more in a second than it may; it was made to wait."""

    def on_command(self, method: str, outcome: str) -> None:
        """A command ended."""

    def on_lost(self, link: ApLink, why: str) -> None:
        """The connection is gone; called once, also for a link that never got as far as connect."""


class ApLink(asyncio.Protocol):
    """The link; ``session`` is set by the endpoint at ``connect``."""

    __slots__ = (
        "_admitted",
        "_channel",
        "_connection",
        "_fragments",
        "_received",
        "_request",
        "_transport",
        "_waiting",
        "_why",
        "_ws",
        "session",
        "settled",
    )

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ws = ServerProtocol(subprotocols=[SUBPROTOCOL], max_size=MAX_MESSAGE, logger=_quiet)
        self._transport: asyncio.Transport | None = None
        self._connection: UcentralConnection | None = None
        self._admitted = False
        self._request: Request | None = None
        self._fragments: list[bytes] | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] | None = None
        self._received = 0
        self._why = "peer"
        self.session: Session | None = None
        self.settled: Callable[[], None] | None = None
        """Called once: the handshake is over, well or badly."""

    # --- asyncio.Protocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TLS handshake is done."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of HTTP or websocket frames."""
        ws = self._ws
        self._received += len(data)
        if self._received > _BYTES_PER_TICK and self._transport is not None:
            self._transport.pause_reading()
        ws.receive_data(data)
        for event in ws.events_received():
            if isinstance(event, Frame):
                self._on_frame(event)
            elif isinstance(event, Request):
                self._request = event
                self._upgrade()
        self._flush()

    def eof_received(self) -> bool:
        """The peer half-closed: so do we."""
        self._ws.receive_eof()
        self._flush()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The transport is gone."""
        del error
        self._transport = None
        if self._connection is not None:
            self._apply(self._connection.close())
        self._settle()
        self._channel.on_lost(self, self._why)

    # --- the endpoint's side ---------------------------------------------------------------------

    def admit(self, serial: str) -> None:
        """The certificate is known and its serial may connect: go on with the websocket handshake."""
        self._connection = UcentralConnection(serial, now=self._channel.monotonic())
        self._admitted = True
        self._upgrade()
        self._flush()

    def tick(self, now: float) -> None:
        """Let time pass: once a second."""
        if self._received > _BYTES_PER_TICK and self._transport is not None:
            self._channel.on_slowed()
            self._transport.resume_reading()
        self._received = 0
        if self._connection is not None:
            events = self._connection.tick(now)
            if events:
                self._apply(events)
                self._flush()

    def command(self, command: Command, timeout_s: float) -> asyncio.Future[Reply]:
        """Send a command; the future ends with its reply, or UnavailableError.

        Raises LocalProtocolError when it cannot be sent as it is.
        """
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self._connection is None or self._transport is None:
            future.set_exception(UnavailableError("the access point has hung up"))
            return future
        request_id = self._connection.send(command, self._channel.monotonic(), timeout_s=timeout_s)
        if self._waiting is None:
            self._waiting = {}
        self._waiting[request_id] = future
        self._flush()
        return future

    def close(self, code: int, why: str) -> None:
        """Close the websocket; the transport follows within five seconds whatever the peer does."""
        self._why = why
        try:
            self._ws.send_close(code, why)
        except InvalidState:
            self.abort()
            return
        self._flush()
        asyncio.get_running_loop().call_later(_CLOSE_GRACE_S, self.abort)

    def abort(self) -> None:
        """Cut the transport at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- inside ----------------------------------------------------------------------------------

    def _upgrade(self) -> None:
        if self._request is None or not self._admitted:
            return
        request, self._request = self._request, None
        response = self._ws.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS and self._ws.subprotocol is None:
            response = self._ws.reject(HTTPStatus.BAD_REQUEST, "subprotocol ucentral-broker is required\n")
        self._ws.send_response(response)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._why = "bad-upgrade"
        self._settle()

    def _settle(self) -> None:
        settled, self.settled = self.settled, None
        if settled is not None:
            settled()

    def _on_frame(self, frame: Frame) -> None:
        connection = self._connection
        if connection is None:
            return
        now = self._channel.monotonic()
        opcode = frame.opcode
        if opcode is Opcode.TEXT:
            if frame.fin:
                self._apply(connection.receive_text(bytes(frame.data), now))
            else:
                self._fragments = [bytes(frame.data)]
        elif opcode is Opcode.CONT:
            if self._fragments is not None:
                self._fragments.append(bytes(frame.data))
                if frame.fin:
                    payload, self._fragments = b"".join(self._fragments), None
                    self._apply(connection.receive_text(payload, now))
        elif opcode is Opcode.BINARY:
            self._apply(connection.receive_binary(now))
        else:
            connection.touch(now)

    def _apply(self, events: list[ConnectionEvent]) -> None:
        for event in events:
            if isinstance(event, MessageReceived):
                self._channel.on_message(self, event.message, event.size)
            elif isinstance(event, ReplyReceived):
                self._on_reply(event.reply)
            elif isinstance(event, InputRefused):
                self._channel.on_refused(event.reason)
            elif isinstance(event, CommandTimedOut):
                self._on_timeout(event)
            elif isinstance(event, Dropped):
                self._channel.on_dropped(event.why)
                self.close(event.code, event.why)

    def _on_reply(self, reply: Reply) -> None:
        outcome = {0: "success", 1: "rejects"}.get(reply.error, "failed")
        self._channel.on_command(reply.method, outcome)
        future = (self._waiting or {}).pop(reply.request_id, None)
        if future is not None and not future.done():
            future.set_result(reply)

    def _on_timeout(self, event: CommandTimedOut) -> None:
        self._channel.on_command(event.method, "timeout")
        future = (self._waiting or {}).pop(event.request_id, None)
        if future is not None and not future.done():
            future.set_exception(UnavailableError(f"the access point did not answer {event.method}"))

    def _flush(self) -> None:
        """Send what both machines have to send."""
        transport = self._transport
        ws = self._ws
        if self._connection is not None and ws.state is WebsocketState.OPEN:
            for payload in self._connection.take_output():
                ws.send_text(payload)
        if ws.parser_exc is not None and ws.close_sent is not None:
            self._count_broken_frames()
        for data in ws.data_to_send():
            if transport is None or transport.is_closing():
                return
            if data:
                transport.write(data)
            else:
                transport.close()
        if transport is not None and transport.get_write_buffer_size() > _MAX_BACKLOG:
            self._why = "slow-reader"
            self._channel.on_dropped(self._why)
            transport.abort()

    def _count_broken_frames(self) -> None:
        """The websocket layer itself failed: too big a message, or broken framing."""
        self._ws.parser_exc = None
        too_big = self._ws.close_sent is not None and self._ws.close_sent.code == CloseCode.MESSAGE_TOO_BIG
        self._why = str(Reason.TOO_BIG) if too_big else "broken-frame"
        if too_big:
            self._channel.on_refused(Reason.TOO_BIG)
        self._channel.on_dropped(self._why)
