"""The SMPP sender over real TCP: against a centre built on smpplib, and against smpp34's server."""

import asyncio
import contextlib
import time

import pytest
import smpp34
from structlog.testing import capture_logs

from captive_portal.portal.sms.sender import Message, SendError
from captive_portal.portal.sms.smpp import SmppAccount, SmppSender
from tests.conftest import free_port
from tests.eventually import eventually
from tests.fakes.sms_centre import Centre

RUSSIAN = Message("+79161234567", "Код для Wi-Fi: 123456. Никому его не сообщайте.")
ENGLISH = Message("+79161234567", "Your Wi-Fi code: 123456. Give it to nobody.")


@pytest.fixture
async def centre():
    server = Centre()
    await server.start()
    yield server
    await server.stop()


@contextlib.asynccontextmanager
async def running(port: int, **options):
    account = SmppAccount("127.0.0.1", port, "kolco", "secret12", "WiFi", **({"timeout_s": 2.0} | options))
    sender = SmppSender(account)
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_russian_message_goes_as_one_ucs2_part(centre) -> None:
    async with running(centre.port) as sender:
        await sender.send(RUSSIAN)
        assert sender.is_bound
    bind, message = centre.received[:2]
    assert (bind.command, bind.system_id, bind.password) == ("bind_transmitter", b"kolco", b"secret12")
    assert message.data_coding == 8
    assert message.short_message.decode("utf-16-be") == RUSSIAN.text
    assert message.destination_addr == b"79161234567"
    assert (message.source_addr, message.source_addr_ton) == (b"WiFi", 5)
    await eventually(lambda: "unbind" in centre.commands())


async def test_an_english_message_goes_as_gsm7(centre) -> None:
    async with running(centre.port) as sender:
        await sender.send(ENGLISH)
    message = centre.messages()[0]
    assert (message.data_coding, message.short_message) == (0, ENGLISH.text.encode())


async def test_a_long_message_goes_in_parts_with_one_reference(centre) -> None:
    async with running(centre.port) as sender:
        await sender.send(Message("+79161234567", "я" * 150))
    parts = centre.messages()
    assert [part.short_message[4:6] for part in parts] == [b"\x03\x01", b"\x03\x02", b"\x03\x03"]
    assert len({part.short_message[3] for part in parts}) == 1
    assert {part.esm_class for part in parts} == {0x40}


async def test_the_link_is_probed(centre) -> None:
    async with running(centre.port, enquire_link_s=0.05):
        await eventually(lambda: centre.commands().count("enquire_link") >= 3)


async def test_the_centre_may_probe_too(centre) -> None:
    async with running(centre.port) as sender:
        await eventually(lambda: sender.is_bound)
        centre.send("enquire_link")
        await eventually(lambda: "enquire_link_resp" in centre.commands())


async def test_a_dead_link_is_noticed_by_the_probe_and_bound_anew(centre) -> None:
    async with running(centre.port, enquire_link_s=0.05, timeout_s=0.2) as sender:
        await eventually(lambda: sender.is_bound)
        centre.is_silent = True
        await eventually(lambda: not sender.is_bound)
        centre.is_silent = False
        await eventually(lambda: sender.is_bound)
        await sender.send(ENGLISH)


async def test_messages_get_through_a_lost_connection(centre) -> None:
    async with running(centre.port, timeout_s=5) as sender:
        await sender.send(ENGLISH)
        centre.drop()
        await asyncio.gather(*(sender.send(ENGLISH) for _ in range(50)))
        assert centre.commands().count("bind_transmitter") == 2
        assert len(centre.messages()) >= 51


async def test_it_survives_an_unbind_by_the_centre(centre) -> None:
    async with running(centre.port) as sender:
        await eventually(lambda: sender.is_bound)
        centre.send("unbind")
        await eventually(lambda: centre.commands().count("bind_transmitter") == 2)
        await sender.send(ENGLISH)


async def test_a_centre_that_comes_up_later() -> None:
    port = free_port()
    server = Centre(port=port)
    with capture_logs() as logs:
        async with running(port, timeout_s=5) as sender:
            sending = asyncio.create_task(sender.send(ENGLISH))
            await eventually(lambda: logs)  # it has tried in vain
            await server.start()
            await sending
    await server.stop()


async def test_no_centre_is_unavailable() -> None:
    async with running(free_port(), timeout_s=0.3) as sender:
        with pytest.raises(SendError) as caught:
            await sender.send(ENGLISH)
    assert caught.value.reason == "unavailable"


async def test_throttling_slows_down_and_then_gets_through(centre) -> None:
    centre.submit_statuses = [0x58, 0x14]
    async with running(centre.port) as sender:
        started = time.monotonic()
        await sender.send(ENGLISH)
        assert time.monotonic() - started >= 0.75
    assert len(centre.messages()) == 3


async def test_throttling_without_end_is_said_so(centre) -> None:
    centre.submit_statuses = [0x58] * 100
    async with running(centre.port, timeout_s=0.6) as sender:
        with pytest.raises(SendError) as caught:
            await sender.send(ENGLISH)
    assert caught.value.reason == "throttled"


async def test_a_refused_message_is_not_repeated(centre) -> None:
    centre.submit_statuses = [0x0B]
    async with running(centre.port) as sender:
        with pytest.raises(SendError) as caught:
            await sender.send(ENGLISH)
        assert caught.value.reason == "rejected"
        await sender.send(ENGLISH)
    assert len(centre.messages()) == 2


async def test_silence_is_a_timeout(centre) -> None:
    async with running(centre.port, timeout_s=0.3) as sender:
        await eventually(lambda: sender.is_bound)
        centre.is_silent = True
        with pytest.raises(SendError) as caught:
            await sender.send(ENGLISH)
    assert caught.value.reason == "timeout"


async def test_a_wrong_password_binds_never(centre) -> None:
    centre.bind_status = 0x0E
    async with running(centre.port, timeout_s=0.3) as sender:
        with pytest.raises(SendError) as caught:
            await sender.send(ENGLISH)
        assert not sender.is_bound
    assert caught.value.reason == "unavailable"


async def test_garbage_from_the_peer_is_survived() -> None:
    async def talk(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, running(server.sockets[0].getsockname()[1], timeout_s=0.3) as sender:
        with pytest.raises(SendError):
            await sender.send(ENGLISH)


async def test_against_the_server_of_smpp34() -> None:
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="centre")
    await server.start()
    got = []

    async def serve() -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.SubmitSmEvent):
                got.append(event)
                event.accept("id-1")

    serving = asyncio.create_task(serve())
    async with running(port) as sender:
        await sender.send(RUSSIAN)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await server.stop()
    assert got[0].short_message.decode("utf-16-be") == RUSSIAN.text
    assert got[0].data_coding == 8


async def test_names_that_do_not_fit_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="8 characters"):
        SmppSender(SmppAccount("127.0.0.1", 1, "kolco", "much-too-long", "WiFi"))
