"""What a connection tells its shell: one frozen dataclass per event.

``MessageReceived`` and ``ReplyReceived`` are good input, ``InputRefused`` is bad input to count,
``CommandTimedOut`` ends a wait, ``Dropped`` ends the connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from controller.ap_channel.ucentral.commands import Reply
from controller.ap_channel.ucentral.errors import Reason
from controller.ap_channel.ucentral.messages import Message


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A well-formed message that this phase of the connection allows. ``size`` bytes on the wire."""

    message: Message
    size: int


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The answer to a command that is still awaited."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class InputRefused:
    """Input that was dropped. ``detail`` names the place in the message, never its content."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class CommandTimedOut:
    """Nobody answered ``request_id`` in time."""

    request_id: int
    method: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection must be closed with websocket ``code``; ``why`` is a metric label."""

    code: int
    why: str


ConnectionEvent: TypeAlias = MessageReceived | ReplyReceived | InputRefused | CommandTimedOut | Dropped
