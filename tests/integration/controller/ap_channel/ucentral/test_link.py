"""One websocket: frames, broken frames, commands, and being made to wait."""

import asyncio
import json

import pytest
from websockets.frames import Frame, Opcode

from controller.ap_channel.ucentral import link as module
from controller.ap_channel.ucentral.commands import PingCommand, Reboot
from controller.core.errors import UnavailableError
from tests.eventually import eventually
from tests.fakes.access_point import access_point
from tests.integration.controller.ap_channel.conftest import READY


@pytest.fixture
async def ap(bed):
    async with access_point(bed.port, READY, bed.certificate()) as opened:
        await opened.introduce()
        await eventually(lambda: bed.connected)
        yield opened


async def closed(ap) -> int:
    await asyncio.wait_for(ap.websocket.wait_closed(), 10)
    return ap.websocket.close_code


async def test_a_message_in_fragments(bed, ap):
    text = json.dumps({"method": "ping", "params": {"serial": READY, "uuid": 77}})
    await ap.websocket.send([text[:10], text[10:20], text[20:]])
    await eventually(lambda: bed.registry.find(READY).config_uuid == 77)


async def test_cyrillic_and_a_large_message(bed, ap):
    await ap.call("log", serial=READY, log="ошибка " * 1000, severity=3)
    await eventually(lambda: bed.count("messages_total", method="log") == 1)
    assert bed.board.take().events[-1].data["log"].startswith("ошибка")


async def test_a_binary_frame_drops(bed, ap):
    await ap.websocket.send(b"{}")
    assert await closed(ap) == 1003
    assert bed.count("input_refused_total", reason="binary-frame") == 1


async def test_too_big_drops(bed, ap):
    await ap.websocket.send("x" * 512_001)
    assert await closed(ap) == 1009
    await eventually(lambda: bed.count("input_refused_total", reason="too-big") == 1)


async def test_ten_errors_drop(bed, ap):
    for _ in range(10):
        await ap.websocket.send("nonsense")
    assert await closed(ap) == 1008
    assert bed.count("input_refused_total", reason="bad-json") == 10
    assert bed.count("dropped_total", reason="error-budget") == 1


async def test_an_unmasked_frame_drops(bed, ap):
    frame = Frame(Opcode.TEXT, b"{}").serialize(mask=False)
    ap.websocket.transport.write(frame)
    assert await closed(ap) in {1002, 1006}
    await eventually(lambda: bed.count("dropped_total", reason="broken-frame") == 1)


async def test_websocket_pings_are_answered(ap):
    pong = await ap.websocket.ping()
    await asyncio.wait_for(pong, 10)


async def test_a_command_is_answered(bed, ap):
    sending = asyncio.create_task(bed.registry.send(READY, Reboot(READY)))
    await ap.reply(await ap.receive(), text="triggered command action")
    assert (await sending).text == "triggered command action"
    assert bed.count("commands_total", method="reboot", outcome="success") == 1


async def test_a_command_times_out(bed, ap):
    with pytest.raises(UnavailableError):
        await bed.registry.send(READY, PingCommand(READY), timeout_s=0.1)
    assert bed.count("commands_total", method="ping", outcome="timeout") == 1


async def test_hanging_up_ends_a_command(bed, ap):
    sending = asyncio.create_task(bed.registry.send(READY, PingCommand(READY)))
    await ap.receive()
    ap.websocket.transport.abort()
    with pytest.raises(UnavailableError):
        await asyncio.wait_for(sending, 5)


async def test_who_sends_too_much_is_made_to_wait_not_dropped(bed, ap, monkeypatch):
    monkeypatch.setattr(module, "_BYTES_PER_TICK", 10_000)
    for _ in range(100):
        await ap.call("log", serial=READY, log="x" * 1000, severity=7)
    await eventually(lambda: bed.count("slowed_total") >= 1)
    monkeypatch.undo()
    await eventually(lambda: bed.count("messages_total", method="log") == 100)
