"""The proxy from the settings and the database."""

from contextlib import AsyncExitStack

import pytest

from controller.roaming import service
from controller.roaming.types import NewHome
from radius.proxy.build import build_proxy
from radius.proxy.routing import ACCESS, ACCOUNTING
from radius.proxy.udp import UdpLink
from radius.radsec.build import open_trust
from radius.radsec.link import RadsecLink
from radius.reply import ACCOUNTED
from radius.settings import RadiusSettings
from radius.tables import Tables
from tests.factories.radius import request


@pytest.fixture
async def proxy(runtime):
    settings = RadiusSettings(operator_name="1city.example")
    async with runtime.db.transaction() as tx:
        secret = "a shared secret for tests"
        await service.add_home(tx, runtime.secrets, NewHome("a", "udp", "127.0.0.1", 1, 2, secret))
        await service.add_home(tx, runtime.secrets, NewHome("b", "radsec", "127.0.0.1", 1))
        await service.set_realm(tx, "x.example", ["a", "b"])
    async with AsyncExitStack() as stack:
        yield await build_proxy(
            runtime,
            settings,
            open_trust(runtime, settings),
            Tables(runtime),
            access=lambda _: "asked here",
            accounting=lambda _: ACCOUNTED,
            stack=stack,
        )


async def test_a_home_server_has_the_ways_of_its_protocol(proxy):
    routing = proxy._parts.routing
    route = routing.realms.find(b"u@x.example")
    udp, radsec = routing.links(route, ACCESS)
    udp_accounting, radsec_accounting = routing.links(route, ACCOUNTING)
    assert isinstance(udp, UdpLink)
    assert isinstance(radsec, RadsecLink)
    assert udp_accounting is not udp
    assert radsec_accounting is radsec
    assert proxy._parts.operator.name == "1city.example"


async def test_what_is_ours_goes_straight_to_the_answers(proxy):
    assert proxy.answer_access(request(User_Name="citizen")) == "asked here"
    assert proxy.answer_accounting(request(4, User_Name="citizen")) is ACCOUNTED
    assert len(proxy._parts.forwarder) == 0
