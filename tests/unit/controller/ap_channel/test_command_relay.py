import asyncio

import pytest

from controller.ap_channel.board import Board
from controller.ap_channel.command_relay import CommandRelay, build_command
from controller.ap_channel.ucentral.commands import Factory, Leds, PingCommand, Reboot, Reply
from controller.core.errors import InvalidInputError, UnavailableError


def test_commands_are_built_and_checked():
    assert build_command("aa", "reboot", {}) == Reboot("aa")
    assert build_command("aa", "leds", {"pattern": "blink", "duration": 5}) == Leds("aa", "blink", 5)
    assert build_command("aa", "factory", {"keep_redirector": 0}) == Factory("aa", 0)
    assert build_command("aa", "ping", {}) == PingCommand("aa")
    request = build_command("aa", "request", {"message": "state"})
    assert len(request.request_uuid) == 26


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("script", {"script": "rm"}),
        ("leds", {}),
        ("leds", {"pattern": "disco"}),
        ("leds", {"pattern": "on", "duration": "long"}),
        ("reboot", {"hard": True}),
        ("request", {"message": "secrets"}),
    ],
)
def test_wrong_commands_are_refused(method, params):
    with pytest.raises(InvalidInputError):
        build_command("aa", method, params)


def test_the_serial_cannot_be_smuggled_in():
    assert build_command("aa", "reboot", {"serial": "bb"}).serial == "aa"


class FakeRegistry:
    def __init__(self, answer) -> None:
        self.answer = answer
        self.sent = []

    async def send(self, serial, command, *, timeout_s):
        self.sent.append((serial, command))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def relayed(clock, answer, method="reboot"):
    board = Board()
    relay = CommandRelay(registry=FakeRegistry(answer), board=board, clock=clock)
    relay.submit("aa", method, {})
    while not len(board):
        await asyncio.sleep(0)
    await relay.close()
    (event,) = board.take().events
    return event


async def test_the_answer_becomes_an_event(clock):
    event = await relayed(clock, Reply(1, "reboot", 0, "triggered", 1))
    assert event.data == {"kind": "command", "command": "reboot", "error": 0, "text": "triggered"}
    assert event.severity == 5


@pytest.mark.parametrize("method", ["reboot", "nonsense"])
async def test_so_does_a_failure(clock, method):
    event = await relayed(clock, UnavailableError("away"), method)
    assert event.data["error"] == -1
    assert event.severity == 4
