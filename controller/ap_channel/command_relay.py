"""Operators' commands to connected access points: from the event to the answer in `ap_events`.

Nothing is kept for later: a command to an access point that is not connected fails at once and says
so. Parameters are checked here, because a wrong one can crash an agent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from controller.ap_channel.board import ApEventRow, Board
from controller.ap_channel.ucentral.commands import (
    Command,
    Factory,
    Leds,
    PingCommand,
    Reboot,
    Request,
)
from controller.ap_channel.ucentral.errors import LocalProtocolError
from controller.ap_channel.ucentral.registry import Registry
from controller.core.clock import Clock
from controller.core.errors import InvalidInputError, UnavailableError
from controller.core.ids import new_id

ANSWER_TIMEOUT_S = 30.0
_NOTICE, _WARNING = 5, 4
_SHAPES: dict[str, type[Any]] = {
    "reboot": Reboot,
    "factory": Factory,
    "request": Request,
    "leds": Leds,
    "ping": PingCommand,
}


def build_command(serial: str, method: str, params: Mapping[str, Any]) -> Command:
    """Return the command, checked; ``request`` gets a ``request_uuid`` if it has none.

    Raises InvalidInputError for a method that is not offered or a wrong parameter.
    """
    shape = _SHAPES.get(method)
    if shape is None:
        raise InvalidInputError(
            f"there is no command {method!r}", hint=f"commands are {', '.join(sorted(_SHAPES))}"
        )
    values = {**params, "serial": serial}
    if shape is Request:
        values.setdefault("request_uuid", new_id())
    unknown = sorted(set(values) - set(shape.__struct_fields__))
    if unknown:
        raise InvalidInputError(f"{method} has no parameter {unknown[0]!r}")
    try:
        command: Command = msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"{method}: {error}") from error
    return command


class CommandRelay:
    """Sends commands in tasks of their own and stores how they ended."""

    def __init__(self, *, registry: Registry, board: Board, clock: Clock) -> None:
        self._registry = registry
        self._board = board
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, serial: str, method: str, params: Mapping[str, Any]) -> None:
        """Send without waiting; how it ended, be it 'not connected', becomes an event."""
        task = asyncio.create_task(self._send(serial, method, params))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, serial: str, method: str, params: Mapping[str, Any]) -> None:
        data: dict[str, Any] = {"kind": "command", "command": method}
        severity = _NOTICE
        try:
            command = build_command(serial, method, params)
            reply = await self._registry.send(serial, command, timeout_s=ANSWER_TIMEOUT_S)
            data |= {"error": reply.error, "text": reply.text}
        except (InvalidInputError, UnavailableError, LocalProtocolError) as error:
            severity = _WARNING
            data |= {"error": -1, "text": str(error)}
        self._board.add_event(ApEventRow(serial, self._clock.now(), "event", severity, data))
