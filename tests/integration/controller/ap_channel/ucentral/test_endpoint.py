"""Who gets in, who is turned away, and how the endpoint bears a storm and its own end."""

import asyncio
import contextlib
import ssl

import pytest
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from controller.ap_channel.ucentral import endpoint as module
from controller.ap_channel.ucentral.endpoint import Endpoint, common_name
from controller.core.pki import CertificateAuthority, client_context
from tests.eventually import eventually
from tests.fakes.access_point import SUBPROTOCOL, access_point
from tests.integration.controller.ap_channel.conftest import MORE, PLANNED, READY, RETIRED


async def test_a_known_access_point_gets_in(bed):
    async with access_point(bed.port, READY, bed.certificate()) as ap:
        await ap.introduce(uuid=42)
        await eventually(lambda: bed.connected)
        assert bed.connected == [(READY, 42)]
        assert bed.registry.find(READY).config_uuid == 42
        assert bed.count("connected") == 1
        assert ap.websocket.subprotocol == SUBPROTOCOL
    await eventually(lambda: not len(bed.registry))
    assert bed.board.take().status[READY]["connected"] is False
    assert bed.count("handshakes") == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [(RETIRED, "retired"), ("0a1b2cffffff", "unknown-serial"), ("not a serial", "unknown-serial")],
)
async def test_serials_that_may_not_connect_are_turned_away(bed, name, reason):
    with pytest.raises((WebSocketException, OSError, EOFError)):
        async with access_point(bed.port, name, bed.certificate(name)):
            pass
    assert bed.count("turned_away_total", reason=reason) == 1


async def test_one_that_was_added_since_the_start_gets_in(bed):
    bed.admission._states.clear()
    async with access_point(bed.port, PLANNED, bed.certificate(PLANNED)) as ap:
        await ap.introduce()
        await eventually(lambda: bed.connected)


async def test_no_certificate(bed):
    context = client_context(bed.authority.certificate_pem)
    with pytest.raises((WebSocketException, OSError, EOFError)):
        async with access_point(bed.port, READY, context) as ap:
            await ap.receive()
    await eventually(lambda: bed.count("turned_away_total", reason="no-certificate") == 1)


async def test_a_foreign_authority(bed, tmp_path):
    foreign = CertificateAuthority.open(tmp_path / "foreign")
    with pytest.raises((WebSocketException, OSError, EOFError)):
        async with access_point(bed.port, READY, bed.certificate(READY, foreign)) as ap:
            await ap.receive()
    await eventually(lambda: bed.count("turned_away_total", reason="untrusted-certificate") == 1)


async def test_a_servers_certificate_is_no_access_points(bed):
    issued = bed.authority.issue_server([READY], now=bed.clock.now())
    with pytest.raises((WebSocketException, OSError, EOFError)):
        async with access_point(bed.port, READY, client_context(bed.authority.certificate_pem, issued)) as ap:
            await ap.receive()
    await eventually(lambda: bed.count("turned_away_total", reason="untrusted-certificate") == 1)


async def test_another_serial_than_the_certificates_is_dropped(bed):
    async with access_point(bed.port, MORE[0], bed.certificate()) as ap:
        await ap.introduce()
        await ap.websocket.wait_closed()
        assert ap.websocket.close_code == 1008
    assert bed.count("input_refused_total", reason="serial-mismatch") == 1
    assert bed.count("dropped_total", reason="serial-mismatch") == 1
    assert not len(bed.registry)


async def test_without_the_subprotocol_there_is_no_websocket(bed):
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"wss://localhost:{bed.port}/", ssl=bed.certificate(), compression=None):
            pass
    assert caught.value.response.status_code == 400


async def test_plain_http_and_noise_are_survived(bed):
    reader, writer = await asyncio.open_connection("127.0.0.1", bed.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await asyncio.wait_for(reader.read(), 10)
    writer.close()
    reader, writer = await asyncio.open_connection("localhost", bed.port, ssl=bed.certificate())
    writer.write(b"\x00\xff nonsense\r\n\r\n")
    await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await eventually(lambda: bed.count("handshakes") == 0)
    async with access_point(bed.port, READY, bed.certificate()) as ap:
        await ap.introduce()
        await eventually(lambda: bed.connected)


async def test_the_newer_connection_wins_and_the_access_point_stays_online(bed):
    async with access_point(bed.port, READY, bed.certificate()) as old:
        await old.introduce()
        await eventually(lambda: len(bed.connected) == 1)
        async with access_point(bed.port, READY, bed.certificate()) as new:
            await new.introduce()
            await asyncio.wait_for(old.websocket.wait_closed(), 10)
            assert old.websocket.close_code == 4001
            await eventually(lambda: bed.count("connected") == 1)  # the older one's end was seen to
            assert bed.board.take().status[READY]["connected"] is True
            assert len(bed.registry) == 1


async def test_a_storm_passes_through_a_narrow_gate(parts):
    async with parts.serving(handshakes=2):

        async def come(serial: str) -> None:
            async with access_point(parts.port, serial, parts.certificate(serial)) as ap:
                await ap.introduce()
                await eventually(lambda: len(parts.connected) == len(MORE))

        await asyncio.gather(*(come(serial) for serial in MORE))
    assert parts.count("accepted_total") == len(MORE)


async def test_one_that_says_nothing_does_not_hold_the_gate(parts, monkeypatch):
    monkeypatch.setattr(module, "HANDSHAKE_S", 0.3)
    async with parts.serving(handshakes=1):
        _, silent = await asyncio.open_connection("127.0.0.1", parts.port)
        _, polite = await asyncio.open_connection("localhost", parts.port, ssl=parts.certificate())
        async with access_point(parts.port, READY, parts.certificate()) as ap:
            await ap.introduce()
            await eventually(lambda: parts.connected)
        for writer in (silent, polite):
            writer.close()
    assert parts.count("turned_away_total", reason="slow-handshake") == 1
    assert parts.count("turned_away_total", reason="hung-up") == 1


async def test_many_that_say_nothing_do_not_keep_the_others_out(parts, monkeypatch):
    monkeypatch.setattr(module, "STALLED_S", 0.2)
    async with parts.serving(handshakes=2):
        silent = [await asyncio.open_connection("127.0.0.1", parts.port) for _ in range(8)]
        async with asyncio.timeout(5), access_point(parts.port, READY, parts.certificate()) as ap:
            await ap.introduce()
            await eventually(lambda: parts.connected)
            for reader, _ in silent:
                with contextlib.suppress(OSError):
                    assert await reader.read(1) == b""
        for _, writer in silent:
            writer.close()
        await eventually(lambda: parts.count("handshakes") == 0)
    assert parts.count("turned_away_total", reason="stalled") == 8


async def test_at_its_end_it_says_good_bye(parts):
    async with parts.serving():
        context = parts.certificate()
        leaving = access_point(parts.port, READY, context)
        ap = await leaving.__aenter__()
        await ap.introduce()
        await eventually(lambda: parts.connected)
    await asyncio.wait_for(ap.websocket.wait_closed(), 10)
    assert ap.websocket.close_code == 1001
    await leaving.__aexit__(None, None, None)
    assert parts.board.take().status[READY]["connected"] is False


def test_it_will_not_run_without_client_certificates(parts):
    with pytest.raises(ValueError, match="CERT_REQUIRED"):
        Endpoint(
            tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), admission=parts.admission, registry=parts.registry,
            board=parts.board, metrics=parts.metrics, clock=parts.clock, on_connected=print,
        )  # fmt: skip


def test_the_common_name_is_read_from_what_ssl_gives():
    subject = ((("organizationName", "x"),), (("commonName", "aa"),))
    assert common_name({"subject": subject}) == "aa"
    assert common_name({"subject": ()}) == common_name({}) == common_name(None) == ""


@pytest.mark.parametrize(
    "away", [ConnectionRefusedError(), OperationalError("SELECT", {}, Exception("gone"))]
)
async def test_nobody_is_left_hanging_while_the_database_is_away(bed, monkeypatch, away):
    async def refusal(_serial):
        raise away

    monkeypatch.setattr(bed.admission, "refusal", refusal)
    reader, writer = await asyncio.open_connection("127.0.0.1", bed.port, ssl=bed.certificate())
    async with asyncio.timeout(5):
        with contextlib.suppress(OSError):
            assert await reader.read(1) == b""
    writer.close()
    await eventually(lambda: bed.count("handshakes") == 0)
