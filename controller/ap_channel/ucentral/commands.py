"""The commands we send to an access point, and the reply it gives.

Each is a frozen struct whose fields are the JSON params; ``method`` is the JSON-RPC method. Facts
from wlan-ucentral-client: ``serial`` is required in every action, ``request`` fails without a
``request_uuid``, ``leds`` without a pattern dereferences NULL. ``connection`` gives ids and bytes.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field


class Configure(Struct, frozen=True, gc=False):
    """Apply ``config`` (JSON as rendered) as ``uuid``; ``when`` 0 is now."""

    method: ClassVar[str] = "configure"
    serial: str
    uuid: Annotated[int, Meta(ge=2, le=2**31 - 1)]
    config: Raw
    when: int = 0


class Reboot(Struct, frozen=True, gc=False):
    """Restart; answered at once, done ten seconds later."""

    method: ClassVar[str] = "reboot"
    serial: str
    when: int = 0


class Factory(Struct, frozen=True, gc=False):
    """Forget everything; ``keep_redirector`` keeps the address of this controller."""

    method: ClassVar[str] = "factory"
    serial: str
    keep_redirector: int = 1
    when: int = 0


class Request(Struct, frozen=True, gc=False):
    """Ask for a state or health message out of turn."""

    method: ClassVar[str] = "request"
    serial: str
    message: Literal["state", "healthcheck"]
    request_uuid: str
    when: int = 0


class Leds(Struct, frozen=True, gc=False):
    """Find an AP on its pole; ``duration`` seconds."""

    method: ClassVar[str] = "leds"
    serial: str
    pattern: Literal["on", "off", "blink"]
    duration: int = 30
    when: int = 0


class PingCommand(Struct, frozen=True, gc=False):
    """Is the agent alive? It answers with its uuid."""

    method: ClassVar[str] = "ping"
    serial: str


Command: TypeAlias = Configure | Reboot | Factory | Request | Leds | PingCommand


class Status(Struct, frozen=True, gc=False):
    """``error`` 0 success, 1 applied with rejects (configure) or busy, 2 failed or refused.

    ``rejected`` is an array of texts in the real client, objects in the document; kept as JSON.
    """

    error: int = 0
    text: Annotated[str, Meta(max_length=4096)] = ""
    result_code: int | None = field(default=None, name="resultCode")
    rejected: list[Any] = field(default_factory=list)


class Result(Struct, frozen=True, gc=False):
    """The ``result`` of a reply."""

    serial: str = ""
    uuid: int = 0
    status: Status = field(default_factory=Status)
    rejected: list[Any] = field(default_factory=list)


class Reply(Struct, frozen=True, gc=False):
    """What the access point answered to one command.

    ``request_id`` is ours; ``error`` as in :class:`Status`; ``rejected`` are texts.
    """

    request_id: int
    method: str
    error: int
    text: str
    uuid: int
    rejected: tuple[str, ...] = ()


RESULT_DECODER = msgspec.json.Decoder(Result)
MAX_REJECTED = 50
MAX_REJECTED_TEXT = 500


def reply_from(request_id: int, method: str, result: Result) -> Reply:
    """Flatten a result; rejects are taken from both places where agents put them."""
    rejects = result.status.rejected or result.rejected
    rejected = tuple(_text(value) for value in rejects[:MAX_REJECTED])
    return Reply(request_id, method, result.status.error, result.status.text, result.uuid, rejected)


def _text(value: object) -> str:
    """A reject as text: a JSON string as it is, anything else as its JSON."""
    # Not msgspec: it refuses integers past 64 bits, which a peer may well send.
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\x00", "")[:MAX_REJECTED_TEXT]
