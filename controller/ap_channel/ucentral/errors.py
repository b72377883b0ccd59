"""Errors of the uCentral channel: "the peer erred" and "we erred" are different exceptions.

    UcentralError
      RemoteProtocolError   the access point sent what it must not (has a ``reason``)
      LocalProtocolError    we were asked to send what the protocol forbids
        OversizedError      a command does not fit the access point's receive buffer

This module does not count or answer errors; ``connection`` does.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why input was refused. The values are metric labels: a closed set, never peer data."""

    BINARY_FRAME = "binary-frame"
    TOO_BIG = "too-big"
    BAD_JSON = "bad-json"
    TOO_DEEP = "too-deep"
    BAD_ENVELOPE = "bad-envelope"
    BAD_PARAMS = "bad-params"
    BAD_RESULT = "bad-result"
    UNKNOWN_METHOD = "unknown-method"
    UNKNOWN_REPLY = "unknown-reply"
    LATE_REPLY = "late-reply"
    RADIUS_PROXY = "radius-proxy"
    NOT_CONNECTED = "not-connected"
    SERIAL_MISMATCH = "serial-mismatch"
    BAD_COMPRESSION = "bad-compression"
    INFLATED_TOO_BIG = "inflated-too-big"


class UcentralError(Exception):
    """Root of every error of this package."""


class RemoteProtocolError(UcentralError):
    """The access point broke the protocol.

    ``reason`` is one of :class:`Reason`; ``request_id`` is the JSON-RPC id to answer, if the broken
    message asked for an answer; ``fatal`` drops the connection at once, whatever its error budget.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, request_id: int | None = None, fatal: bool = False
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.request_id = request_id
        self.fatal = fatal


class LocalProtocolError(UcentralError):
    """We tried to send something that the protocol or the connection's state forbids."""


class OversizedError(LocalProtocolError):
    """A command does not fit the receive buffer of the access point, even compressed.

    ``size`` and ``limit`` are bytes of one websocket message.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"a command of {size} bytes does not fit {limit} bytes")
        self.size = size
        self.limit = limit
