"""One access point's life on the real channel: restart, lost controller, refused configuration."""

from controller.access_points.events import ApCommandRequested
from controller.city.seeding.types import WLAN_ID
from controller.core import outbox
from controller.models import ApConfig, ApStatus
from controller.operators.types import Actor
from controller.wlans import service as wlans
from controller.wlans.types import WlanChanges
from tests.eventually import eventually
from tests.integration.controller.city.fleet.conftest import APS


async def all_settled(fleet, channel) -> None:
    fleet.set_power(on=True, at_once=True)

    async def settled():
        return await channel.count_settled() == APS

    await eventually(settled)


async def order(runtime, serial: str, command: str, **params) -> None:
    async with runtime.db.transaction() as tx:
        await outbox.add(tx, ApCommandRequested(serial, command, params))


async def test_reboot_drops_and_comes_back_with_its_configuration(fleet, channel, runtime) -> None:
    await all_settled(fleet, channel)
    agent = fleet.agents[3]
    serial, uuid = agent.device.ap.serial, agent.device.uuid
    agent.device.hardware.booted_at -= 5000
    await order(runtime, serial, "reboot")
    await eventually(lambda: fleet.totals.restarts == 1 and not agent.connected)
    await eventually(lambda: agent.connected)
    assert agent.device.uuid == uuid

    async def known():
        status = await channel.read(ApStatus, serial)
        return status.connected and status.last_reboot_reason == "reboot"

    await eventually(known)
    assert fleet.totals.failures == {"restart": 1}
    kinds = [event.kind for event in await channel.events(serial)]
    assert kinds.count("connect") == 2
    assert "disconnect" in kinds
    assert agent.report()
    assert agent.device.hardware.body.unit.uptime < 60


async def test_request_leds_and_ping_are_answered(fleet, channel, runtime) -> None:
    await all_settled(fleet, channel)
    agent = fleet.agents[0]
    serial = agent.device.ap.serial
    await order(runtime, serial, "leds", pattern="blink", duration=5)
    await order(runtime, serial, "request", message="state")
    await order(runtime, serial, "ping")
    await eventually(lambda: agent.device.led == "blink")

    async def answered():
        done = [event.data for event in await channel.events(serial) if "command" in event.data]
        status = await channel.read(ApStatus, serial)
        good = len(done) == 3 and all(one["error"] == 0 for one in done)
        return good and status is not None and status.state_at is not None

    await eventually(answered)


async def test_a_controller_that_restarts_gets_everybody_back(fleet, channel) -> None:
    await all_settled(fleet, channel)
    await channel.stop()
    await eventually(lambda: fleet.totals.connected == 0)
    failed = sum(fleet.totals.failures.values())
    await eventually(lambda: sum(fleet.totals.failures.values()) > failed)  # somebody tries in vain
    await channel.start()
    await eventually(lambda: fleet.totals.connected == APS)

    async def known():
        return await channel.count_connected() == APS

    await eventually(known)
    assert fleet.totals.failures["websocket closed"] == APS
    # They run what they shall: nothing is sent again.
    assert fleet.totals.configures == APS


async def test_a_renamed_network_reaches_everybody(fleet, channel, runtime) -> None:
    await all_settled(fleet, channel)
    async with runtime.db.transaction() as tx:
        changes = WlanChanges(ssid="Москва_Бесплатно")
        actor = Actor("t", "tester", "admin")
        await wlans.change(tx, WLAN_ID, changes, actor=actor, now=runtime.clock.now())
    await eventually(lambda: fleet.totals.configures == 2 * APS)

    async def settled():
        return await channel.count_settled() == APS

    await eventually(settled)
    for agent in fleet.agents:
        assert {bss.ssid for bss in agent.device.hardware.body.interfaces[0].ssids} == {"Москва_Бесплатно"}


async def test_a_rejected_part_is_stored_in_the_access_points_own_words(
    fleet, channel, runtime, monkeypatch
) -> None:
    # The controller never sends a bad name, so the access point is made to have a smaller idea of one.
    monkeypatch.setattr("controller.city.fleet.configuration.MAX_SSID_BYTES", 5)
    fleet.agents[0].power_on()
    serial = fleet.agents[0].device.ap.serial

    async def rejected():
        config = await channel.read(ApConfig, serial)
        return config if config is not None and config.status == "rejected" else None

    config = await eventually(rejected)
    assert config.rejected[0].startswith("interfaces/0/ssids/0: name has 16 bytes")

    async def told():
        return "reject" in [event.kind for event in await channel.events(serial)]

    await eventually(told)


async def test_an_access_point_with_anothers_certificate_is_dropped(fleet, channel) -> None:
    one, other = fleet.agents[0], fleet.agents[1]
    other.device.ap, theirs = one.device.ap, other.device.ap
    other.power_on()
    await eventually(lambda: fleet.totals.failures)
    assert await channel.count_connected() == 0
    assert await channel.read(ApStatus, one.device.ap.serial) is None
    assert theirs.serial != one.device.ap.serial
