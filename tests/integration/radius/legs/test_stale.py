"""Sessions whose access point went down, or of which nothing is heard, on SQLite and PostgreSQL."""

from datetime import timedelta

import sqlalchemy as sa

from controller.ap_channel import repository as ap_status
from controller.models import NetSession
from radius.legs import stale
from tests.factories.inventory import mac_of

GRACE = timedelta(seconds=420)
LEAST = timedelta(seconds=900)


async def set_connected(city, ap, connected):
    """What the controller writes when an access point comes or goes."""
    columns = {"connected": connected}
    columns |= {} if connected else {"disconnected_at": city.clock.now()}
    async with city.database.transaction() as tx:
        await ap_status.save_status(tx, {city.serials[ap]: columns})


async def cut_off(city):
    async with city.database.transaction() as tx:
        return await stale.end_cut_off(tx, now=city.clock.now(), grace=GRACE)


async def silent(city, since):
    async with city.database.transaction() as tx:
        return await stale.end_silent(tx, now=city.clock.now(), since=since, least=LEAST)


async def test_a_session_ends_some_minutes_after_its_access_point_went_down(city):
    await city.start(0)
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(419)
    assert await cut_off(city) == 0
    city.clock.advance(2)
    assert await cut_off(city) == 1
    session = await city.session()
    assert (session.end_reason, session.ended_at) == ("lost-carrier", city.clock.now())
    assert await cut_off(city) == 0


async def test_an_access_point_that_is_back_ends_nothing(city):
    await city.start(0)
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(200)
    await set_connected(city, 0, connected=True)
    city.clock.advance(1000)
    assert await cut_off(city) == 0
    assert (await city.session()).ended_at is None


async def test_an_access_point_that_lost_only_its_controller_ends_nothing(city):
    await city.start(0)
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(300)
    await city.interim(0, seconds=400)
    city.clock.advance(300)
    assert await cut_off(city) == 0
    assert (await city.session()).ended_at is None


async def test_a_session_that_goes_on_elsewhere_goes_on(city):
    await city.start(0)
    await city.start(1, leg="B")
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(500)
    assert await cut_off(city) == 0  # the leg ends, the session does not
    assert (await city.session()).ended_at is None
    await set_connected(city, 1, connected=False)
    city.clock.advance(500)
    assert await cut_off(city) == 1


async def test_a_session_that_a_gateway_counts_goes_on(city):
    await city.start(0)
    async with city.database.transaction() as tx:
        await tx.execute(sa.update(NetSession).values(gateway_id="gw"))
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(500)
    assert await cut_off(city) == 0
    assert (await city.session()).ended_at is None


async def test_three_intervals_of_silence_end_a_session(city):
    since = city.clock.now()
    await city.start(0)
    city.clock.advance(600)
    await city.interim(0, seconds=600)
    city.clock.advance(899)
    assert await silent(city, since) == 0
    city.clock.advance(2)
    assert await silent(city, since) == 1
    assert (await city.session()).end_reason == "lost-carrier"


async def test_silence_counts_only_while_somebody_listened(city):
    await city.start(0)
    city.clock.advance(5000)
    since = city.clock.now()
    city.clock.advance(899)
    assert await silent(city, since) == 0
    city.clock.advance(2)
    assert await silent(city, since) == 1


async def test_a_device_that_comes_back_has_a_session_again(city):
    await city.start(0)
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(500)
    assert await cut_off(city) == 1
    again = city.another()
    await again.start(1, leg="C")
    assert (await again.session()).ended_at is None


async def test_an_access_point_is_known_by_every_bss_it_has(city):
    bssid = mac_of(city.serials[0])[:-1] + "f"  # of another radio
    await city.start(0, bssid=bssid)
    city.clock.advance(100)
    await set_connected(city, 0, connected=False)
    city.clock.advance(500)
    assert await cut_off(city) == 1
