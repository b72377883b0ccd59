"""Connections that hold a place without asking anything, on real sockets."""

import asyncio
import contextlib

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from controller.core.http import serve_app
from tests.eventually import eventually


@contextlib.asynccontextmanager
async def serving(**options):
    async def answer(request):
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve_app(app, host="127.0.0.1", port=0, started=port.set_result, **options))
    try:
        yield await port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def trickle(writer, byte):
    while True:
        await asyncio.sleep(0.05)  # a slow sender: the time is the point
        writer.write(byte)


async def until_cut(reader):
    with contextlib.suppress(ConnectionError):
        while await reader.read(1000):
            pass


async def let_go(writer):
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP",
    ],
    ids=["nothing", "headers", "body", "second-request"],
)
async def test_a_request_that_never_ends_is_cut(beginning):
    async with serving(request_s=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        trickling = asyncio.create_task(trickle(writer, b"x" if beginning else b""))
        async with asyncio.timeout(3):
            await until_cut(reader)
        trickling.cancel()
        await let_go(writer)


async def test_a_connection_in_use_is_kept():
    async with serving(request_s=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(5):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n0")
            await asyncio.sleep(0.15)  # longer in all than one request may take: the time is the point
        await let_go(writer)


async def test_one_address_has_only_so_many_connections():
    async with serving(most_of_address=2) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(3):
            await until_cut(reader)
        await let_go(writer)
        for _, one in held:
            await let_go(one)
        async with httpx.AsyncClient(trust_env=False) as web:
            answer = await eventually(
                lambda: web.get(f"http://127.0.0.1:{port}/"), despite=(httpx.TransportError,)
            )
            assert answer.status_code == 200
