"""Dnsmasq as a real process."""

import asyncio
import contextlib
import os
import signal

import pytest
from prometheus_client import CollectorRegistry

from captive_portal.gateway.daemon import dnsmasq_settings
from captive_portal.gateway.dns_dhcp import DnsDhcp
from captive_portal.gateway.leases import LeaseChange
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.settings import GatewaySettings
from controller.core.errors import UnavailableError
from controller.core.net import bind_udp
from tests.eventually import eventually
from tests.factories.gateway_lab import GATEWAY, PORTAL, client_mac


@pytest.fixture
def make(lab, tmp_path):
    made = []

    def build(notes=None, **changes):
        registry = CollectorRegistry()
        settings = GatewaySettings(netns=lab.gateway, portal_addresses=[PORTAL], **changes)
        heard = [].append if notes is None else notes.append
        server = DnsDhcp(
            dnsmasq_settings(settings, tmp_path / "dnsmasq"),
            netns=lab.gateway,
            metrics=GatewayMetrics(registry, "gw-1"),
            heard=heard,
        )
        made.append((server, registry))
        return server, registry

    return build


async def test_tells_of_leases_as_they_come_and_go(lab, make, tmp_path):
    notes = []
    server, _ = make(notes)
    server.prepare()
    await server.start()
    try:
        await lab.dhclient(1, tmp_path / "phone")
        await eventually(lambda: notes)
        assert notes[0].change is LeaseChange.ADDED
        assert notes[0].lease.client.mac == client_mac(1)
        assert notes[0].lease.expires_at is not None
        assert [lease.client for lease in server.leases()] == [notes[0].lease.client]
        await lab.release(1, tmp_path / "phone")
        await eventually(lambda: notes[-1].change is LeaseChange.DELETED)
    finally:
        await server.stop()
    assert server.leases() == []


async def test_replaces_one_that_a_killed_gateway_left(lab, make, tmp_path):
    left, _ = make()
    left.prepare()
    await left.start()
    pid = int((tmp_path / "dnsmasq" / "dnsmasq.pid").read_text())
    server, registry = make()
    server.prepare()
    await server.start()
    try:
        assert await asyncio.wait_for(left._process.wait(), 10) >= 0  # asked to end, not killed
        assert int((tmp_path / "dnsmasq" / "dnsmasq.pid").read_text()) != pid
        assert registry.get_sample_value("kolco_gateway_dnsmasq_up", {"gateway": "gw-1"}) == 1
    finally:
        await server.stop()
        await left.stop()
    assert registry.get_sample_value("kolco_gateway_dnsmasq_up", {"gateway": "gw-1"}) == 0


async def test_its_end_is_an_error_and_the_next_watch_starts_it(lab, make, tmp_path):
    server, registry = make()
    server.prepare()
    await server.start()
    try:
        watch = asyncio.create_task(server.watch())
        os.kill(int((tmp_path / "dnsmasq" / "dnsmasq.pid").read_text()), signal.SIGKILL)
        with pytest.raises(UnavailableError, match="ended with status"):
            await asyncio.wait_for(watch, 3)
        again = asyncio.create_task(server.watch())
        await eventually(
            lambda: registry.get_sample_value("kolco_gateway_dnsmasq_up", {"gateway": "gw-1"}) == 1
        )
        again.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await again
    finally:
        await server.stop()


async def test_says_why_it_does_not_start(lab, make):
    server, _ = make()
    server.prepare()
    with (
        bind_udp(GATEWAY, 53, netns=lab.gateway),
        pytest.raises(UnavailableError, match="dnsmasq does not start: dnsmasq: failed to create listening"),
    ):
        await server.start()
    await server.stop()


async def test_rubbish_in_the_pipe_is_counted(make, tmp_path):
    server, registry = make()
    server.prepare()
    pipe = os.open(tmp_path / "dnsmasq" / "leases.fifo", os.O_WRONLY)
    os.write(pipe, b"add nonsense\nadd 02:00:5e:00:00:01 10.77.1.1 -")
    os.write(pipe, b"\n")
    os.close(pipe)
    labels = {"gateway": "gw-1"}
    await eventually(
        lambda: registry.get_sample_value("kolco_gateway_lease_events_total", {**labels, "kind": "add"}) == 1
    )
    assert registry.get_sample_value("kolco_gateway_lease_events_malformed_total", labels) == 1
    await server.stop()
