"""One access point's uCentral conversation, sans-IO: bytes and ``now`` in, events and bytes out.

    phase      input                          next     otherwise
    -------    ---------------------------    ------   ------------------------------------------
    NEW        connect                        OPEN     refused (not-connected); costs one error
    OPEN       every method, connect again    OPEN     refused; costs one error, save a method
                                                       not known here: newer firmware has them
    CLOSED     -                              CLOSED   ignored

Rules: the serial in every message equals the certificate's CN (a mismatch in ``connect`` is fatal);
binary frames and messages over 512 000 bytes are fatal; ten errors drop the connection, as in
owgw; a notification is never answered, but a broken *request* (it has an ``id``) is.
It does not open sockets, read the clock, or know what a message means for the city.

Source: uCentral PROTOCOL.md; JSON-RPC 2.0 sections 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from controller.ap_channel.ucentral import compression, messages
from controller.ap_channel.ucentral.commands import (
    RESULT_DECODER,
    Command,
    Configure,
    reply_from,
)
from controller.ap_channel.ucentral.errors import (
    LocalProtocolError,
    OversizedError,
    Reason,
    RemoteProtocolError,
)
from controller.ap_channel.ucentral.events import (
    CommandTimedOut,
    ConnectionEvent,
    Dropped,
    InputRefused,
    MessageReceived,
    ReplyReceived,
)

MAX_MESSAGE = 512_000
"""Bytes of one websocket message from an access point (owgw's limit)."""
MAX_COMMAND = 32 * 1024 - 512
"""Bytes of one command: the client's receive buffer is 32 KiB and it does not reassemble."""
ERROR_BUDGET = 10
IDLE_S = 600.0
CONNECT_S = 60.0
"""An access point that does not introduce itself within a minute is none."""
MAX_PENDING = 32
_MAX_ID = 2**31 - 1
_PACKED = b'"compress_64"'
_FREE_OF_CHARGE = frozenset({Reason.LATE_REPLY, Reason.RADIUS_PROXY, Reason.UNKNOWN_METHOD})
"""Refused, but an honest access point (or newer firmware) does it too: no cost to its error budget."""

CLOSE_POLICY = 1008
CLOSE_UNSUPPORTED = 1003
CLOSE_TOO_BIG = 1009
CLOSE_GOING_AWAY = 1001
_CLOSE_CODES = {Reason.BINARY_FRAME: CLOSE_UNSUPPORTED, Reason.TOO_BIG: CLOSE_TOO_BIG}

_JSONRPC_CODES = {
    Reason.UNKNOWN_METHOD: -32601,
    Reason.BAD_PARAMS: -32602,
    Reason.BAD_ENVELOPE: -32600,
}
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError)


class Phase(Enum):
    """Where the conversation stands."""

    NEW = "new"
    OPEN = "open"
    CLOSED = "closed"


ALLOWED: dict[Phase, dict[type[Any], Phase]] = {
    Phase.NEW: {messages.Connect: Phase.OPEN},
    Phase.OPEN: dict.fromkeys(messages.METHODS.values(), Phase.OPEN),
    Phase.CLOSED: {},
}


class _Envelope(Struct, frozen=True, gc=False):
    """Any JSON-RPC object, and the RADIUS proxy frame which is none."""

    method: str | UnsetType = UNSET
    id: int | str | UnsetType | None = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    radius: Raw | UnsetType = UNSET


class _Packed(Struct, frozen=True, gc=False):
    compress_64: str | UnsetType = UNSET


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_PACKED_DECODER = msgspec.json.Decoder(_Packed)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class _Pending:
    method: str
    deadline: float


class UcentralConnection:
    """The state of one conversation.

    ``serial`` is the CN of the verified client certificate, ``now`` monotonic seconds. Methods
    return the events that happened; :meth:`take_output` gives the text messages to send.
    """

    __slots__ = (
        "_compress_commands",
        "_errors",
        "_last_id",
        "_last_input_at",
        "_output",
        "_pending",
        "phase",
        "serial",
    )

    def __init__(self, serial: str, *, now: float) -> None:
        self.serial = serial
        self.phase = Phase.NEW
        self._compress_commands = False
        self._errors = 0
        self._last_id = 0
        self._last_input_at = now
        self._output: list[bytes] = []
        self._pending: dict[int, _Pending] | None = None

    # --- input ---------------------------------------------------------------------------------

    def receive_text(self, payload: bytes, now: float) -> list[ConnectionEvent]:
        """Take one whole text message (UTF-8 bytes). Never raises on what the peer sent."""
        if self.phase is Phase.CLOSED:
            return []
        self._last_input_at = now
        try:
            return [self._interpret(payload)]
        except RemoteProtocolError as error:
            return self._refuse(error)
        except RecursionError:
            return self._refuse(RemoteProtocolError(Reason.TOO_DEEP))

    def receive_binary(self, now: float) -> list[ConnectionEvent]:
        """A binary frame came: uCentral has none."""
        self._last_input_at = now
        return self._refuse(RemoteProtocolError(Reason.BINARY_FRAME, fatal=True))

    def touch(self, now: float) -> None:
        """A websocket ping or pong came: the peer is alive."""
        self._last_input_at = now

    def tick(self, now: float) -> list[ConnectionEvent]:
        """Let time pass: commands time out, a silent connection is dropped. Call about every second."""
        events: list[ConnectionEvent] = []
        if self._pending:
            late = [key for key, entry in self._pending.items() if entry.deadline <= now]
            events.extend(CommandTimedOut(key, self._pending.pop(key).method) for key in late)
        silent_s = now - self._last_input_at
        if self.phase is Phase.OPEN and silent_s >= IDLE_S:
            events.append(self._drop(CLOSE_GOING_AWAY, "idle"))
        elif self.phase is Phase.NEW and silent_s >= CONNECT_S:
            events.append(self._drop(CLOSE_POLICY, "no-connect"))
        return events

    def close(self) -> list[ConnectionEvent]:
        """The transport is gone: every awaited command ends now."""
        self.phase = Phase.CLOSED
        pending, self._pending = self._pending or {}, None
        return [CommandTimedOut(key, entry.method) for key, entry in pending.items()]

    # --- output --------------------------------------------------------------------------------

    def send(self, command: Command, now: float, *, timeout_s: float) -> int:
        """Queue ``command`` and return its request id.

        Raises LocalProtocolError before ``connect`` and past 32 awaited commands, OversizedError
        when it cannot fit the access point's receive buffer.
        """
        if self.phase is not Phase.OPEN:
            message = f"cannot send {command.method} in phase {self.phase.value}"
            raise LocalProtocolError(message)
        if self._pending is None:
            self._pending = {}
        if len(self._pending) >= MAX_PENDING:
            message = f"{MAX_PENDING} commands are awaited already"
            raise LocalProtocolError(message)
        request_id = self._last_id % _MAX_ID + 1
        data = self._encode(command, request_id)
        self._last_id = request_id
        self._pending[request_id] = _Pending(command.method, now + timeout_s)
        self._output.append(data)
        return request_id

    def take_output(self) -> list[bytes]:
        """The text messages to send, oldest first; each one websocket frame."""
        if not self._output:
            return []
        output, self._output = self._output, []
        return output

    # --- inside --------------------------------------------------------------------------------

    def _interpret(self, payload: bytes) -> ConnectionEvent:
        if len(payload) > MAX_MESSAGE:
            raise RemoteProtocolError(Reason.TOO_BIG, fatal=True)
        try:
            envelope = _ENVELOPE.decode(payload)
        except msgspec.ValidationError as error:
            raise RemoteProtocolError(Reason.BAD_ENVELOPE, str(error)) from error
        except _DECODE_ERRORS as error:
            raise RemoteProtocolError(Reason.BAD_JSON) from error
        if envelope.method is not UNSET:
            return self._message(envelope.method, envelope, len(payload))
        if envelope.radius is not UNSET:
            raise RemoteProtocolError(Reason.RADIUS_PROXY)
        if envelope.result is not UNSET or envelope.error is not UNSET:
            return self._reply(envelope)
        raise RemoteProtocolError(Reason.BAD_ENVELOPE, "neither method nor result")

    def _message(self, method: str, envelope: _Envelope, size: int) -> ConnectionEvent:
        request_id = envelope.id if isinstance(envelope.id, int) else None
        decoder = messages.DECODERS.get(method)
        if decoder is None:
            raise RemoteProtocolError(Reason.UNKNOWN_METHOD, request_id=request_id)
        if envelope.params is UNSET:
            raise RemoteProtocolError(Reason.BAD_PARAMS, "no params", request_id=request_id)
        try:
            message = decoder.decode(_unpack(envelope.params))
        except _DECODE_ERRORS as error:
            detail = f"{method}: {error}"[:200] if isinstance(error, msgspec.ValidationError) else method
            raise RemoteProtocolError(Reason.BAD_PARAMS, detail, request_id=request_id) from error
        following = ALLOWED[self.phase].get(type(message))
        if following is None:
            raise RemoteProtocolError(Reason.NOT_CONNECTED, method, request_id=request_id)
        if message.serial != self.serial:
            raise RemoteProtocolError(
                Reason.SERIAL_MISMATCH, method, fatal=isinstance(message, messages.Connect)
            )
        if isinstance(message, messages.Connect):
            self._compress_commands = message.capabilities.compress_cmd
        self.phase = following
        return MessageReceived(message, size)

    def _reply(self, envelope: _Envelope) -> ConnectionEvent:
        request_id = envelope.id
        if not isinstance(request_id, int) or not 0 < request_id <= self._last_id:
            raise RemoteProtocolError(Reason.UNKNOWN_REPLY)
        if self._pending is None or request_id not in self._pending:
            raise RemoteProtocolError(Reason.LATE_REPLY)
        pending = self._pending[request_id]
        if envelope.result is UNSET:
            raise RemoteProtocolError(Reason.BAD_RESULT, pending.method)
        try:
            result = RESULT_DECODER.decode(envelope.result)
        except _DECODE_ERRORS as error:
            raise RemoteProtocolError(Reason.BAD_RESULT, pending.method) from error
        if result.serial and result.serial != self.serial:
            raise RemoteProtocolError(Reason.SERIAL_MISMATCH, pending.method)
        reply = reply_from(request_id, pending.method, result)
        del self._pending[request_id]
        return ReplyReceived(reply)

    def _refuse(self, error: RemoteProtocolError) -> list[ConnectionEvent]:
        refused = InputRefused(error.reason, error.detail)
        if error.fatal:
            return [refused, self._drop(_CLOSE_CODES.get(error.reason, CLOSE_POLICY), error.reason)]
        if error.request_id is not None:
            code = _JSONRPC_CODES.get(error.reason, -32000)
            body = {"code": code, "message": str(error.reason)}
            answer = {"jsonrpc": "2.0", "id": error.request_id, "error": body}
            self._output.append(_ENCODER.encode(answer))
        if error.reason not in _FREE_OF_CHARGE:
            self._errors += 1
        if self._errors >= ERROR_BUDGET:
            return [refused, self._drop(CLOSE_POLICY, "error-budget")]
        return [refused]

    def _drop(self, code: int, why: str) -> Dropped:
        self.phase = Phase.CLOSED
        return Dropped(code, str(why))

    def _encode(self, command: Command, request_id: int) -> bytes:
        frame: dict[str, object] = {
            "jsonrpc": "2.0",
            "method": command.method,
            "params": command,
            "id": request_id,
        }
        data = _ENCODER.encode(frame)
        if len(data) <= MAX_COMMAND:
            return data
        if self._compress_commands and isinstance(command, Configure):
            frame["params"] = compression.deflate(_ENCODER.encode(command))
            data = _ENCODER.encode(frame)
        if len(data) > MAX_COMMAND:
            raise OversizedError(len(data), MAX_COMMAND)
        return data


def _unpack(params: Raw) -> bytes | Raw:
    """The JSON of ``params``, inflated when it is a ``compress_64`` object."""
    data = bytes(params)
    if _PACKED not in data:
        return params
    packed = _PACKED_DECODER.decode(data)
    if packed.compress_64 is UNSET:
        return params
    return compression.inflate(packed.compress_64)
