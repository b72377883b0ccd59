"""Fifty access points on the real channel: connected, configured, cut off, back again."""

from controller.models import ApStatus
from tests.eventually import eventually
from tests.integration.controller.city.fleet.conftest import APS


async def test_all_connect_and_acknowledge_their_configuration(fleet, channel) -> None:
    assert fleet.set_power(on=True, at_once=True) == APS
    assert fleet.set_power(on=True) == 0

    async def settled():
        return await channel.count_settled() == APS

    await eventually(settled)
    progress = fleet.progress()
    assert (progress.connected, progress.configured, progress.connects) == (APS, APS, APS)
    assert progress.failures == {}
    assert progress.ignored == 0
    assert progress.stations == fleet.population.out > APS

    assert all(agent.report() for agent in fleet.agents)
    serial = fleet.agents[7].device.ap.serial

    async def reported():
        status = await channel.read(ApStatus, serial)
        return status if status is not None and status.state_at is not None else None

    status = await eventually(reported)
    assert status.connected
    assert status.clients == len(fleet.population.present[7])
    assert {bss["ssid"] for bss in status.summary["bss"]} == {"Moscow_WiFi_Free"}
    for radio in status.summary["radios"]:
        assert 0 < radio["busy_ratio"] < 1
        assert -95 <= radio["noise_dbm"] <= -88
    assert sum(radio["stations"] for radio in status.summary["radios"]) == status.clients


async def test_a_district_without_power_goes_dark_and_its_people_walk_on(fleet, channel, city) -> None:
    fleet.set_power(on=True, at_once=True)
    await eventually(lambda: fleet.totals.connected == APS)
    people = fleet.population.total
    district = city.aps[0].district_id
    cut = fleet.set_power(on=False, district=district)
    assert 0 < cut == sum(ap.district_id == district for ap in city.aps) < APS
    assert fleet.totals.connected == APS - cut
    assert fleet.population.total == people
    dark = [ap.index for ap in city.aps if ap.district_id == district]
    assert not any(fleet.population.present[index] for index in dark)

    async def noticed():
        return await channel.count_connected() == APS - cut

    await eventually(noticed)
    assert fleet.set_power(on=True, district=district, at_once=True) == cut
    await eventually(lambda: fleet.totals.connected == APS)
    assert all(fleet.agents[index].device.hardware.body.unit.uptime == 0 for index in dark)


async def test_flood_reports_as_often_as_asked(fleet, channel) -> None:
    fleet.set_power(on=True, at_once=True)

    async def settled():
        return await channel.count_settled() == APS

    await eventually(settled)
    before = fleet.totals.states
    sent = await fleet.flood(1.0, rate=200.0)
    assert 20 <= sent <= 250  # a loaded machine sends less, never more
    assert fleet.totals.states - before >= sent
    assert await fleet.flood(0.3) > 20
