"""Home servers and realms of the database, changed while requests go on."""

import pytest
from prometheus_client import CollectorRegistry

from controller.models import RadiusHome
from controller.roaming import service
from controller.roaming.types import NewHome
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.routing import ACCESS, ACCOUNTING, Routing

SECRET = "a shared secret for tests"


class FakeLink:
    def __init__(self, home):
        self.home = home
        self.up = True
        self.closed = self.reviewed = False

    def review(self):
        self.reviewed = True

    async def close(self):
        self.closed = True


@pytest.fixture
async def routing(runtime):
    made = []

    def make(home):
        link = FakeLink(home)
        made.append(link)
        return {ACCESS: link, ACCOUNTING: link}

    routing = Routing(runtime.db, runtime.secrets, make, ProxyMetrics(CollectorRegistry()))
    routing.made = made
    yield routing
    await routing.close()
    assert all(link.closed for link in made)


async def add(runtime, home_id, host="192.0.2.1"):
    async with runtime.db.transaction() as tx:
        await service.add_home(tx, runtime.secrets, NewHome(home_id, "udp", host, secret=SECRET))


async def test_a_home_server_keeps_its_ways_until_it_changes(runtime, routing):
    await add(runtime, "a")
    await add(runtime, "b")
    async with runtime.db.transaction() as tx:
        await service.set_realm(tx, "x.example", ["b", "a"])
    await routing.reload()
    route = routing.realms.find(b"u@x.example")
    assert [link.home.id for link in routing.links(route, ACCESS)] == ["b", "a"]
    assert [link.home.secret for link in routing.links(route, ACCOUNTING)] == [SECRET.encode()] * 2
    before = routing.links(route, ACCESS)
    async with runtime.db.transaction() as tx:
        (await tx.get(RadiusHome, "a")).host = "192.0.2.9"
    await routing.reload()
    b, a = routing.links(route, ACCESS)
    assert b is before[0]
    assert a is not before[1]
    assert a.home.host == "192.0.2.9"
    assert len(routing.made) == 3
    routing.review()
    assert (a.reviewed, b.reviewed) == (True, True)
    async with runtime.db.transaction() as tx:
        (await tx.get(RadiusHome, "b")).enabled = False
    await routing.reload()
    assert [link.home.id for link in routing.links(route, ACCESS)] == ["a"]


async def test_a_damaged_entry_is_left_out(runtime, routing):
    await add(runtime, "a")
    await add(runtime, "b")
    async with runtime.db.transaction() as tx:
        await service.set_realm(tx, "x.example", ["a", "b"])
        (await tx.get(RadiusHome, "a")).secret_sealed = b"not sealed by us"
    await routing.reload()
    route = routing.realms.find(b"u@x.example")
    assert [link.home.id for link in routing.links(route, ACCESS)] == ["b"]
