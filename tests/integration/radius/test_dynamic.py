"""Disconnect- and CoA-Requests by radclient."""

import asyncio
import socket
from datetime import UTC, datetime

import pytest

from controller.models import NetSession
from radius.protocol.attributes import CALLING_STATION_ID, EVENT_TIMESTAMP, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import encode_integer, encode_text
from tests.integration.radius.asking import MAC, SECRET, acct, class_of, mab, rows
from tests.integration.radius.served.conftest import COA_NAK, nas  # noqa: F401


async def online(radius):
    session_class = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=session_class))
    return session_class


@pytest.mark.parametrize("by_class", [True, False])
async def test_a_session_is_ended(radius, device, by_class):
    session_class = await online(radius)
    named = f"Class={session_class}\n" if by_class else f"Calling-Station-Id={MAC}\n"
    assert "Received Disconnect-ACK" in await radius.ask("disconnect", named)
    (session,) = await rows(radius.runtime, NetSession)
    assert session.end_reason == "admin"
    again = await radius.ask("disconnect", named)
    assert "Received Disconnect-NAK" in again
    assert "Session-Context-Not-Found" in again


async def test_what_is_not_understood_is_refused_with_the_cause(radius, device):
    assert "Missing-Attribute" in await radius.ask("disconnect", "User-Name=somebody\n")
    for wanted, cause in (
        ("Service-Type=Authorize-Only", "Unsupported-Service"),
        ("Filter-Id=guests", "Unsupported-Attribute"),
        ("NAS-Port=1", "Missing-Attribute"),
        ("Session-Timeout=60", "Session-Context-Not-Found"),
    ):
        output = await radius.ask("coa", f"Calling-Station-Id={MAC},{wanted}\n")
        assert "Received CoA-NAK" in output
        assert cause in output


async def test_a_replay_is_dropped(radius, device):
    await online(radius)
    old = int(datetime.now(UTC).timestamp()) - 600
    output = await radius.ask("disconnect", f"Calling-Station-Id={MAC},Event-Timestamp={old}\n", silent=True)
    assert "No reply from server" in output
    assert radius.metric('kolco_radius_dropped_total{nas="lo",reason="stale"}') >= 1


async def test_what_was_overheard_is_not_obeyed_from_another_port(radius, device):
    await online(radius)
    overheard = sign_request(
        Code.DISCONNECT_REQUEST,
        7,
        [
            encode_text(CALLING_STATION_ID, MAC),
            encode_integer(EVENT_TIMESTAMP, int(datetime.now(UTC).timestamp())),
        ],
        SECRET.encode(),
        random_authenticator=bytes(16),
    )
    assert (await send(radius.dynamic_port, overheard))[0] == Code.DISCONNECT_ACK
    assert await send(radius.dynamic_port, overheard, wait_s=0.2) == b""
    assert radius.metric('kolco_radius_dropped_total{nas="lo",reason="stale"}') == 1


async def send(port, octets, *, wait_s=2.0):
    """Send a datagram from a port of its own and return what comes back in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", port))
        sock.send(octets)
        try:
            async with asyncio.timeout(wait_s):
                return await asyncio.get_running_loop().sock_recv(sock, 4_096)
        except TimeoutError:
            return b""


async def test_a_change_goes_to_the_nas_and_into_the_session(nas, radius, device):  # noqa: F811
    await online(radius)
    wanted = "Session-Timeout=60,Idle-Timeout=120,WISPr-Bandwidth-Max-Down=1000000"
    assert "Received CoA-ACK" in await radius.ask("coa", f"Calling-Station-Id={MAC},{wanted}\n")
    (told,) = nas.changes
    assert (told["Session-Timeout"], told["WISPr-Bandwidth-Max-Down"]) == (60, 1_000_000)
    (session,) = await rows(radius.runtime, NetSession)
    left = (session.expires_at - datetime.now(UTC)).total_seconds()
    assert 0 < left <= 60
    assert session.idle_timeout_s == 120
    assert session.due_at == session.expires_at


async def test_what_the_nas_refuses_is_refused(nas, radius, device):  # noqa: F811
    await online(radius)
    nas.coa_answer, nas.error_cause = COA_NAK, 401
    refused = await radius.ask("coa", f"Calling-Station-Id={MAC},Session-Timeout=60\n")
    assert "Unsupported-Attribute" in refused
    nas.coa_answer = None
    away = await radius.ask("coa", f"Calling-Station-Id={MAC},Session-Timeout=60\n")
    assert "Proxy-Request-Not-Routable" in away or "Not-Routable" in away
    (session,) = await rows(radius.runtime, NetSession)
    assert (session.expires_at - datetime.now(UTC)).total_seconds() > 60
