"""Disconnect- and CoA-Requests by radclient."""

from datetime import UTC, datetime

import pytest

from controller.models import NetSession
from tests.integration.radius.asking import MAC, acct, class_of, mab, rows


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
    assert "Unsupported-Service" in await radius.ask("coa", f"Calling-Station-Id={MAC},Session-Timeout=60\n")


async def test_a_replay_is_dropped(radius, device):
    await online(radius)
    old = int(datetime.now(UTC).timestamp()) - 600
    output = await radius.ask("disconnect", f"Calling-Station-Id={MAC},Event-Timestamp={old}\n", silent=True)
    assert "No reply from server" in output
    assert radius.metric('kolco_radius_dropped_total{nas="lo",reason="stale"}') >= 1
