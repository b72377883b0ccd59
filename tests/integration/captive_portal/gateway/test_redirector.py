"""The redirector's sockets: slow, greedy and half-closed clients."""

import asyncio
import contextlib

import pytest

from captive_portal.gateway import redirector as module
from captive_portal.gateway.redirector import Redirector
from controller.core.net import listen_tcp
from tests.eventually import eventually
from tests.factories.redirects import Place


@pytest.fixture
async def server(monkeypatch):
    monkeypatch.setattr(module, "REQUEST_TIMEOUT_S", 0.2)
    monkeypatch.setattr(module, "LINGER_S", 0.1)
    place = Place()
    running = Redirector(place.redirects, place.metrics)
    sock = listen_tcp("127.0.0.1", 0)
    await running.start(sock)
    place.port = sock.getsockname()[1]
    place.server = running
    yield place
    await running.stop()
    await eventually(lambda: not running._transports)


@contextlib.asynccontextmanager
async def connected(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_request_in_pieces_is_answered_and_the_connection_closed(server):
    async with connected(server) as (reader, writer):
        for piece in (b"GET / HT", b"TP/1.1\r\nHost: a.test\r\n", b"\r\n"):
            writer.write(piece)
            await asyncio.sleep(0.01)  # that each comes by itself
        assert (await asyncio.wait_for(reader.read(), 1)).startswith(b"HTTP/1.1 302 Found\r\n")


async def test_one_connection_gets_one_answer(server):
    async with connected(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        answer = await asyncio.wait_for(reader.read(), 1)
        assert answer.count(b"HTTP/1.1") == 1


async def test_who_says_nothing_is_hung_up_on(server):
    async with connected(server) as (reader, writer):
        writer.write(b"GET / HT")
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 1) == b""
    assert server.server._connections == 0


async def test_a_big_body_does_not_cost_the_client_its_answer(server):
    async with connected(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
        writer.write(bytes(500_000))
        assert (await asyncio.wait_for(reader.read(), 1)).startswith(b"HTTP/1.1 303")


async def test_too_many_connections_of_one_client_are_refused(server, monkeypatch):
    monkeypatch.setattr(module, "MAX_CONNECTIONS_BY_CLIENT", 2)
    async with connected(server), connected(server):
        await eventually(lambda: len(server.server._transports) == 2)
        async with connected(server) as (reader, _):
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 1) == b""
    value = server.registry.get_sample_value
    assert value("kolco_gateway_refused_connections_total", {"gateway": "gw-1"}) == 1
