"""The asking side against the daemon, and against silence."""

import socket
import time

import pytest

from controller.core.errors import UnavailableError
from radius.client import exchange, fresh_authenticator, fresh_identifier, open_line
from radius.probe import Probe, ask
from radius.protocol.attributes import Code
from radius.protocol.requester import PendingRequest
from tests.fakes.radius_server import RadiusServer, accept
from tests.integration.radius.asking import MAC, SECRET
from tests.peers.process import free_port


def status(secret=SECRET):
    return PendingRequest(
        Code.STATUS_SERVER,
        fresh_identifier(),
        [],
        secret.encode(),
        random_authenticator=fresh_authenticator(),
    )


async def test_a_genuine_answer_comes_back(radius):
    packet = await exchange(status(), "127.0.0.1", radius.auth_port)
    assert packet.code == Code.ACCESS_ACCEPT
    packet = await exchange(status(), "127.0.0.1", radius.acct_port)
    assert packet.code == Code.ACCOUNTING_RESPONSE


async def test_silence_is_an_error_after_the_last_try(radius):
    started = time.monotonic()
    with pytest.raises(UnavailableError, match="no RADIUS answer"):
        await exchange(status("another secret"), "127.0.0.1", radius.auth_port, timeout_s=0.1, tries=2)
    assert 0.25 < time.monotonic() - started < 2
    dropped = 'kolco_radius_dropped_total{nas="lo",reason="bad-message-authenticator"}'
    assert radius.metric(dropped) == 2


async def test_a_probe_names_what_it_gets(radius, device):
    await radius.in_step()

    async def probe(question):
        return await ask(
            question, "127.0.0.1", radius.auth_port, SECRET.encode(), timeout_s=1, now=time.monotonic
        )

    accepted = await probe(Probe("mab", mac=MAC))
    assert accepted.accepted
    assert accepted.name == "Access-Accept"
    assert dict(accepted.attributes)["Idle-Timeout"] == "600"
    _, username, password = device
    assert (await probe(Probe("pap", username=username, password=password))).accepted
    assert (await probe(Probe("chap", username=username, password=password))).accepted
    refused = await probe(Probe("pap", username=username, password="wrong"))
    assert (refused.accepted, refused.name) == (False, "Access-Reject")


async def test_a_port_where_nothing_listens_is_told_from_silence():
    with pytest.raises(UnavailableError, match="nothing listens at"):
        await exchange(status(), "127.0.0.1", free_port(socket.SOCK_DGRAM), timeout_s=0.05, tries=2)


async def test_an_answer_that_is_not_genuine_is_told_from_silence():
    with (
        RadiusServer(lambda *given: accept(*given, secret=b"another")) as server,
        pytest.raises(UnavailableError, match="bad-authenticator") as caught,
    ):
        await exchange(status(), "127.0.0.1", server.port, timeout_s=0.1, tries=1)
    assert "secret" in caught.value.hint


async def test_a_name_without_an_address():
    with pytest.raises(UnavailableError, match=r"no\.such\.host\.invalid has no address"):
        await exchange(status(), "no.such.host.invalid", 1812)


async def test_a_line_keeps_its_port():
    with RadiusServer(lambda *given: accept(*given, secret=SECRET.encode())) as server:
        async with open_line("127.0.0.1", server.port) as line:
            for _ in range(3):
                assert (await line.ask(status())).code == Code.ACCESS_ACCEPT
        assert len({port for port, _ in server.heard}) == 1
