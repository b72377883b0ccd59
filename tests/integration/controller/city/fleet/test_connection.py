"""The lean websocket against a server of `websockets`: handshakes, pings, fragments, and what goes wrong."""

import asyncio
import ssl
from datetime import UTC, datetime

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from controller.city.fleet.certificates import certificate_path, issue_certificates
from controller.city.fleet.connection import Connection, Dialer
from controller.core.pki import CertificateAuthority, server_context

SERIAL = "d2c100000100"


class Recorder:
    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.gone = asyncio.Event()
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.reasons: list[str] = []

    def opened(self) -> None:
        self.open.set()

    def alive(self) -> None:
        pass

    def heard(self, message: bytes) -> None:
        self.messages.put_nowait(message)

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)
        self.gone.set()


@pytest.fixture
def authority(tmp_path):
    opened = CertificateAuthority.open(tmp_path / "pki")
    issue_certificates(tmp_path, [SERIAL, "d2c100000200"], now=datetime.now(UTC))
    return opened


@pytest.fixture
async def server(authority):
    """Echoes text; `split` is answered in fragments, `bye` closes."""
    seen = []

    async def handle(connection) -> None:
        certificate = connection.transport.get_extra_info("peercert")
        seen.append((certificate["subject"][0][0][1], connection.subprotocol, connection.protocol.extensions))
        try:
            async for message in connection:
                if message == "split":
                    await connection.send(["sp", "lit"])
                elif message == "bye":
                    return
                elif message == "ping":
                    await (await connection.ping())
                else:
                    await connection.send(message)
        except ConnectionClosed:
            return

    issued = authority.issue_server(["127.0.0.1"], now=datetime.now(UTC))
    context = server_context(issued, authority.certificate_pem)
    subprotocols = [Subprotocol("ucentral-broker")]
    async with serve(handle, "127.0.0.1", 0, ssl=context, subprotocols=subprotocols) as listening:
        listening.seen = seen
        yield listening


async def dial(server, authority, tmp_path, serial: str = SERIAL) -> tuple[Connection, Recorder]:
    host, port = server.sockets[0].getsockname()[:2]
    recorder = Recorder()
    dialer = Dialer(f"wss://{host}:{port}/", authority.certificate_pem)
    connection = Connection(dialer, certificate_path(tmp_path, serial), recorder)
    await asyncio.get_running_loop().create_connection(lambda: connection, host, port)
    return connection, recorder


async def test_text_goes_both_ways_without_compression(server, authority, tmp_path) -> None:
    connection, recorder = await dial(server, authority, tmp_path)
    await asyncio.wait_for(recorder.open.wait(), 5)
    for text in ("привет", "x" * 200_000):
        connection.send(text.encode())
        assert (await asyncio.wait_for(recorder.messages.get(), 5)).decode() == text
    assert server.seen == [(SERIAL, "ucentral-broker", [])]
    connection.send(b"ping")
    connection.ping()
    connection.send(b"after")
    assert await asyncio.wait_for(recorder.messages.get(), 5) == b"after"
    connection.abort("enough")
    connection.abort("twice")
    connection.send(b"into the void")
    assert recorder.reasons == ["enough"]


async def test_one_context_shows_each_its_own_certificate(server, authority, tmp_path) -> None:
    host, port = server.sockets[0].getsockname()[:2]
    dialer = Dialer(f"wss://{host}:{port}/", authority.certificate_pem)
    recorders = []
    for serial in (SERIAL, "d2c100000200") * 5:
        recorder = Recorder()
        recorders.append(recorder)
        made = Connection(dialer, certificate_path(tmp_path, serial), recorder)
        await asyncio.get_running_loop().create_connection(lambda made=made: made, host, port)
    for recorder in recorders:
        await asyncio.wait_for(recorder.open.wait(), 5)
    assert sorted(name for name, _, _ in server.seen) == [SERIAL] * 5 + ["d2c100000200"] * 5


async def test_fragments_are_lost_as_in_the_real_client(server, authority, tmp_path) -> None:
    connection, recorder = await dial(server, authority, tmp_path)
    await asyncio.wait_for(recorder.open.wait(), 5)
    connection.send(b"split")
    connection.send(b"whole")
    assert await asyncio.wait_for(recorder.messages.get(), 5) == b"whole"
    assert recorder.messages.empty()
    connection.abort("enough")


async def test_a_close_of_the_server_ends_it_once(server, authority, tmp_path, monkeypatch) -> None:
    closed = asyncio.Event()
    connection_lost = Connection.connection_lost

    def lost(self, error):
        connection_lost(self, error)
        closed.set()

    monkeypatch.setattr(Connection, "connection_lost", lost)
    connection, recorder = await dial(server, authority, tmp_path)
    await asyncio.wait_for(recorder.open.wait(), 5)
    connection.send(b"bye")
    await asyncio.wait_for(closed.wait(), 5)  # its transport, after what the server said
    assert recorder.reasons == ["websocket closed"]


async def test_a_strangers_server_is_not_trusted(server, tmp_path) -> None:
    stranger = CertificateAuthority.open(tmp_path / "other")
    issue_certificates(tmp_path, [SERIAL], now=datetime.now(UTC))
    _, recorder = await dial(server, stranger, tmp_path)
    await asyncio.wait_for(recorder.gone.wait(), 5)
    assert recorder.reasons == ["TLS: CERTIFICATE_VERIFY_FAILED"]
    assert server.seen == []


async def test_without_a_trusted_certificate_the_server_refuses(server, authority, tmp_path) -> None:
    other = tmp_path / "elsewhere"
    issue_certificates(other, [SERIAL], now=datetime.now(UTC))
    host, port = server.sockets[0].getsockname()[:2]
    recorder = Recorder()
    dialer = Dialer(f"wss://{host}:{port}/", authority.certificate_pem)
    connection = Connection(dialer, certificate_path(other, SERIAL), recorder)
    await asyncio.get_running_loop().create_connection(lambda: connection, host, port)
    await asyncio.wait_for(recorder.gone.wait(), 5)
    assert recorder.reasons[0].startswith("TLS: ")
    assert server.seen == []


async def test_a_server_that_is_no_websocket_is_refused(authority, tmp_path) -> None:
    async def answer(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    context: ssl.SSLContext = server_context(
        authority.issue_server(["127.0.0.1"], now=datetime.now(UTC)), authority.certificate_pem
    )
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as plain:
        _, recorder = await dial(plain, authority, tmp_path)
        await asyncio.wait_for(recorder.gone.wait(), 5)
    assert recorder.reasons == ["websocket refused"]
    assert not recorder.open.is_set()
