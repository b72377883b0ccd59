"""Connections to home servers: kept, shared, watched and made anew; the home server is our own server."""

import asyncio
import secrets
import time

import pytest

from radius.protocol.attributes import Code
from radius.proxy.hidden import Key
from radius.proxy.rewrite import Forwarded
from radius.proxy.types import Home, NoAnswerError, Timing
from radius.radsec.link import RadsecLink
from radius.radsec.metrics import Ended
from tests.eventually import eventually
from tests.integration.radius.radsec.conftest import ACCEPT
from tests.integration.radius.radsec.test_server import METRO

TIMING = Timing(response_s=0.5, watchdog_s=0.3, back_off_max_s=0.5)
REQUEST = Forwarded(Code.ACCESS_REQUEST, ((1, b"u@home.example"),), Key(b"s", bytes(16)))


@pytest.fixture
async def connect(served, tmp_path):
    """Make a link to the server with certificates of a NAS that it knows."""
    links = []

    def make(*, name="radius.example", timing=TIMING, status_server=True, issued=None):
        issued = issued or served.partner.issue(METRO)
        context = served.context(issued)
        trust = _Trust(context, served.trust)
        home = Home(
            "home",
            "radsec",
            "127.0.0.1",
            served.port,
            served.port,
            b"radsec",
            name,
            True,
            False,
            status_server,
        )
        link = RadsecLink(
            home, lambda: trust, timing, monotonic=time.monotonic, random_octets=secrets.token_bytes,
            ignored=ignored.append,
        )  # fmt: skip
        links.append(link)
        return link

    ignored = make.ignored = []
    yield make
    for link in links:
        await link.close()


class _Trust:
    def __init__(self, client, keeper):
        self.client = client
        self._keeper = keeper

    def is_good(self, certificate):
        return self._keeper.current.is_good(certificate)


async def up(link):
    async def connected():
        return link.up

    await eventually(connected)


async def test_a_request_is_answered(served, connect):
    link = connect()
    reply = await link.exchange(REQUEST, 5)
    assert reply.packet.find_all(25) == [b"class"]
    assert link.up
    assert served.asked[0].packet.find(1) == b"u@home.example"


async def test_more_than_256_at_a_time_take_another_connection(served, connect):
    served.hold = True
    link = connect(timing=Timing(response_s=5.0))
    asked = [asyncio.create_task(link.exchange(REQUEST, 10)) for _ in range(600)]

    async def all_there():
        return len(served.held) == 600

    await eventually(all_there)
    assert link.connections == 3
    for _, waiting in served.held:
        waiting.set_result(ACCEPT)
    assert {(await one).packet.code for one in asked} == {Code.ACCESS_ACCEPT}


async def test_what_was_under_way_on_a_lost_connection_is_asked_again(served, connect):
    served.hold = True
    link = connect(timing=Timing(response_s=5.0))
    asked = asyncio.create_task(link.exchange(REQUEST, 10))

    async def there(number):
        return len(served.held) == number

    await eventually(lambda: there(1))
    served.hold = False
    for session in tuple(served.server._sessions):
        session.end(Ended.SLOW)
    assert (await asked).packet.code == Code.ACCESS_ACCEPT
    assert len(served.asked) == 2


async def test_silence_is_broken_with_status_server(served, connect):
    link = connect()
    await up(link)

    async def watched():
        return served.metric('kolco_radius_requests_total{kind="status",nas="metro"}') >= 2

    await eventually(watched)
    assert link.up
    assert served.metric('kolco_radius_radsec_accepted_total{nas="metro"}') == 1


async def test_a_server_that_hangs_is_left(served, connect, monkeypatch):
    link = connect()
    await up(link)
    monkeypatch.setattr("radius.radsec.session.RadsecSession.data_received", lambda *_: None)
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 1.2)

    async def down():
        return not link.up

    await eventually(down)
    monkeypatch.undo()
    await up(link)
    assert (await link.exchange(REQUEST, 5)).packet.code == Code.ACCESS_ACCEPT


async def test_one_slow_answer_is_no_death(served, connect):
    served.hold = True
    link = connect()
    asked = asyncio.create_task(link.exchange(REQUEST, 10))

    async def there():
        return len(served.held) == 1

    await eventually(there)
    await asyncio.sleep(TIMING.response_s * 3)  # being slow is the point
    assert served.metric('kolco_radius_radsec_accepted_total{nas="metro"}') == 1
    served.held[0][1].set_result(ACCEPT)
    assert (await asked).packet.code == Code.ACCESS_ACCEPT


async def test_who_knows_no_status_server_is_left_alone(served, connect):
    link = connect(status_server=False)
    await up(link)
    await asyncio.sleep(TIMING.watchdog_s * 3)  # in which it would have been asked
    assert link.up
    assert served.metric('kolco_radius_requests_total{kind="status",nas="metro"}') == 0


async def test_the_name_in_the_certificate_counts(connect):
    link = connect(name="another.example")
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 1)
    assert not link.up


async def test_a_server_whose_certificate_was_taken_back_is_not_asked(served, connect, tmp_path):
    leaf = served.trust._files.server().certificate
    (tmp_path / "partner.crt").write_bytes(served.authority.certificate_pem)
    served.replace_crl(served.authority, leaf)
    await served.trust.refresh()
    link = connect(issued=served.authority.issue("001122334455"))
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 1)
    assert not link.up


async def test_garbage_from_a_server_ends_the_connection(served, connect, monkeypatch):
    link = connect(timing=Timing(response_s=5.0, back_off_max_s=0.5))
    await up(link)

    async def accepted():  # with TLS 1.3 the client is done before the server
        return len(served.server) == 1

    await eventually(accepted)
    for session in tuple(served.server._sessions):
        session._write(b"\2\0\0\1garbage")

    async def noted():
        return connect.ignored == ["bad-length"]

    await eventually(noted)
    await up(link)
    assert (await link.exchange(REQUEST, 5)).packet.code == Code.ACCESS_ACCEPT
