"""Who may come over TLS, and how connections end; a real TLS client of the standard library."""

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from controller.nas.types import RADSEC_APS
from radius.protocol.attributes import Code
from radius.protocol.requester import PendingRequest
from radius.radsec import server
from radius.radsec.peers import PeerTable
from tests.integration.radius.radsec.conftest import LIMITS

SECRET = b"radsec"
METRO = "proxy.metro.example"


def status(identifier=1):
    return PendingRequest(Code.STATUS_SERVER, identifier, (), SECRET, random_authenticator=bytes(16))


async def ask(reader, writer, pending=None):
    """Send a request; the genuine answer."""
    pending = pending or status()
    writer.write(pending.data)
    async with asyncio.timeout(5):
        head = await reader.readexactly(4)
        return pending.receive(head + await reader.readexactly(int.from_bytes(head[2:], "big") - 4))


async def is_closed(reader):
    async with asyncio.timeout(10):
        with suppress(OSError):
            return await reader.read() == b""
        return True


async def refused(served, issued, reason):
    with suppress(OSError):  # in TLS 1.3 the client learns of it only when it reads
        reader, _ = await served.connect(issued)
        assert await is_closed(reader)
    await served.has_ended(reason)
    assert len(served.server) == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_nas_is_known_by_its_certificate(served, version):
    reader, writer = await served.connect(served.partner.issue(METRO), version)
    assert (await ask(reader, writer)).code == Code.ACCESS_ACCEPT
    assert served.heard == {"metro"}
    assert served.metric('kolco_radius_radsec_accepted_total{nas="metro"}') == 1
    assert served.metric("kolco_radius_radsec_ended_total") == 0


async def test_an_access_point_needs_its_serial_only(served):
    reader, writer = await served.connect(served.authority.issue("001122334455"))
    assert (await ask(reader, writer)).code == Code.ACCESS_ACCEPT
    assert served.heard == {RADSEC_APS}


async def test_nobody_without_a_certificate(served):
    await refused(served, None, "handshake")


async def test_nobody_from_a_strangers_authority(served):
    await refused(served, type(served.authority)("Stranger CA").issue(METRO), "handshake")


async def test_nobody_of_an_unknown_name(served):
    await refused(served, served.authority.issue("who.example"), "unknown-peer")


async def test_who_is_turned_away_is_told_by_the_name_to_enter(served, monkeypatch):
    told = []
    monkeypatch.setattr(
        server, "_log", SimpleNamespace(warning=lambda event, **data: told.append((event, data)))
    )
    await refused(served, served.partner.issue("stranger.example"), "unknown-peer")
    await refused(served, None, "handshake")  # of a flood not each is told
    assert told == [
        ("radius.radsec_refused",
         {"reason": "unknown-peer", "what": "certificate of stranger.example", "untold": 0})
    ]  # fmt: skip


async def test_why_tls_failed_is_told(served, monkeypatch):
    told = []
    monkeypatch.setattr(server, "_log", SimpleNamespace(warning=lambda _, **data: told.append(data["what"])))
    await refused(served, type(served.authority)("Stranger CA").issue(METRO), "handshake")
    assert "self-signed" in told[0] or "unable to get" in told[0]


async def test_a_partner_cannot_pass_for_an_access_point(served):
    await refused(served, served.partner.issue("001122334455"), "unknown-peer")


async def test_no_old_tls(served):
    context = served.context(served.partner.issue(METRO))
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", served.port, ssl=context, server_hostname="radius.example")


async def test_a_certificate_taken_back_is_refused_and_its_connections_end(served):
    metro, other = served.partner.issue(METRO), served.partner.issue(METRO)
    reader, writer = await served.connect(metro)
    kept_reader, kept_writer = await served.connect(other)
    assert (await ask(reader, writer)).code == Code.ACCESS_ACCEPT
    served.trust.listen(served.server.review)
    served.replace_crl(served.partner, metro.certificate)
    await served.trust.refresh()
    assert await is_closed(reader)
    await served.has_ended("revoked")
    assert (await ask(kept_reader, kept_writer)).code == Code.ACCESS_ACCEPT
    with suppress(OSError):
        reader, _ = await served.connect(metro)
        assert await is_closed(reader)
    await served.has_ended("revoked", 2)


async def test_a_damaged_list_changes_nothing(served):
    metro = served.partner.issue(METRO)
    served.replace_crl(served.partner, metro.certificate)
    await served.trust.refresh()
    served.crl.write_bytes(b"half a list")
    await served.trust.refresh()
    await refused(served, metro, "revoked")


async def test_a_nas_that_is_removed_is_cut_off(served):
    reader, writer = await served.connect(served.partner.issue(METRO))
    await ask(reader, writer)
    served.peers.table = PeerTable()
    served.server.review()
    assert await is_closed(reader)
    await served.has_ended("removed")


class TestLimits:
    @pytest.fixture
    def limits(self):
        return replace(LIMITS, connections_max=2, idle_s=1.0, handshake_s=0.5)

    async def test_there_are_not_too_many(self, served):
        issued = served.partner.issue(METRO)
        opened = [await served.connect(issued) for _ in range(2)]
        for reader, writer in opened:
            await ask(reader, writer)
        with pytest.raises((OSError, ssl.SSLError)):
            await served.connect(issued)
        await served.has_ended("full")

    async def test_who_says_nothing_is_closed_properly(self, served):
        reader, writer = await served.connect(served.partner.issue(METRO))
        await ask(reader, writer)
        assert await is_closed(reader)
        await served.has_ended("idle")

    async def test_who_does_not_speak_tls_is_let_go(self, served):
        with socket.create_connection(("127.0.0.1", served.port)) as silent:
            silent.setblocking(False)
            async with asyncio.timeout(5):
                assert await asyncio.get_running_loop().sock_recv(silent, 100) == b""
        await served.has_ended("handshake")


async def test_garbage_instead_of_tls(served):
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    served.writers.append(writer)
    writer.write(bytes(1000))
    assert await is_closed(reader)
    await served.has_ended("handshake", 1)
