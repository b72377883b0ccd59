import asyncio
from datetime import UTC, datetime

import pytest

from controller.ap_channel.ucentral.commands import PingCommand, Reply
from controller.ap_channel.ucentral.registry import CLOSE_REPLACED, Registry, Session
from controller.core.errors import UnavailableError

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class FakeLink:
    def __init__(self, serial: str = "aa") -> None:
        self.session = Session(serial, connected_at=NOW, config_uuid=1)
        self.closed = None

    def command(self, command, timeout_s):
        future = asyncio.get_running_loop().create_future()
        future.set_result(Reply(1, command.method, 0, f"within {timeout_s}", 1))
        return future

    def close(self, code, why):
        self.closed = (code, why)


def test_the_newer_connection_wins():
    registry, old, new = Registry(), FakeLink(), FakeLink()
    assert registry.add("aa", old) is False
    assert registry.add("aa", old) is False
    assert registry.add("aa", new) is True
    assert old.closed[0] == CLOSE_REPLACED
    assert new.closed is None
    assert registry.remove("aa", old) is False
    assert registry.find("aa") is new.session
    assert registry.remove("aa", new) is True
    assert registry.find("aa") is None


def test_listing_and_closing():
    registry, link = Registry(), FakeLink()
    registry.add("aa", link)
    assert len(registry) == 1
    assert registry.serials() == ["aa"]
    assert registry.close("aa", 4003, "retired")
    assert link.closed == (4003, "retired")
    assert not registry.close("bb", 4003, "retired")


async def test_commands_go_to_the_link():
    registry = Registry()
    registry.add("aa", FakeLink())
    reply = await registry.send("aa", PingCommand("aa"), timeout_s=3)
    assert reply.text == "within 3"


async def test_a_command_to_nobody_says_so():
    with pytest.raises(UnavailableError) as caught:
        await Registry().send("aa", PingCommand("aa"))
    assert caught.value.data == {"serial": "aa"}
