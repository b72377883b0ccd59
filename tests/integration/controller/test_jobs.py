"""The whole channel on loopback: TLS websockets, a real database, the embedded bus."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from controller.access_points.events import AccessPointChanged, ApCommandRequested
from controller.core import outbox
from controller.core.pki import CertificateAuthority, client_context
from controller.directory.service import Directory
from controller.jobs import (
    ApChannelSettings,
    end_due_sessions,
    purge_ap_events,
    purge_sessions,
    serve_ap_channel,
)
from controller.models import AccessPoint, AccountingRecord, ApConfig, ApEvent, ApStatus, GateLedger, Wlan
from controller.sessions import service as sessions
from controller.sessions.types import StartSession
from controller.wlans.events import WlanChanged
from tests.eventually import eventually
from tests.factories.access_points import add_access_points, add_site, add_wlan
from tests.factories.people import MAC, make_citizen
from tests.fakes.access_point import access_point

SERIAL = "0a1b2c000000"
PLANNED = "0a1b2c000001"
CYRILLIC = "Москва_WiFi_Беспл"


@pytest.fixture
async def inventory(runtime):
    async with runtime.db.transaction() as tx:
        await add_site(tx)
        await add_access_points(tx, "adopted", "planned", "retired")
        await add_wlan(tx)


@pytest.fixture
async def channel(runtime, inventory):
    async with serving(runtime) as port:
        yield port


@asynccontextmanager
async def serving(runtime):
    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve_ap_channel(runtime, ApChannelSettings(port=0), ready=port.set_result))
    done, _ = await asyncio.wait({task, port}, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        task.result()
    yield port.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def certificate(runtime, name: str = SERIAL):
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    return client_context(authority.certificate_pem, authority.issue_client(name, now=runtime.clock.now()))


async def config_of(runtime, serial: str = SERIAL) -> ApConfig | None:
    async with runtime.db.reading() as tx:
        return await tx.get(ApConfig, serial)


async def acknowledged(runtime, serial: str = SERIAL):
    async def probe():
        row = await config_of(runtime, serial)
        return row if row is not None and row.status == "acknowledged" else None

    return await eventually(probe)


async def test_connect_configure_and_state_are_stored(runtime, channel):
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce()
        config = await ap.accept_configure()
        assert config["interfaces"][0]["ssids"][0]["name"] == "City"
        row = await acknowledged(runtime)
        assert row.desired_uuid == row.acknowledged_uuid == ap.uuid == config["uuid"]
        await ap.call("healthcheck", serial=SERIAL, uuid=ap.uuid, sanity=87, data={})
        await ap.call(
            "state", serial=SERIAL, uuid=ap.uuid,
            state={"unit": {"load": [0.5, 0.4, 0.3], "uptime": 70}, "radios": [], "interfaces": []},
        )  # fmt: skip

        async def stored():
            async with runtime.db.reading() as tx:
                status = await tx.get(ApStatus, SERIAL)
                return status if status is not None and status.state_at is not None else None

        status = await eventually(stored)
        assert status.connected
        assert status.firmware == "kolco-test 1.0"
        assert status.config_uuid == ap.uuid
        assert status.summary["uptime_s"] == 70
        assert status.summary["sanity"] == 87

    async def gone():
        async with runtime.db.reading() as tx:
            return not (await tx.get(ApStatus, SERIAL)).connected

    await eventually(gone)


async def test_ssid_change_reaches_a_connected_access_point(runtime, channel):
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce()
        first = await ap.accept_configure()
        async with runtime.db.transaction() as tx:
            await tx.execute(sa.update(Wlan).values(ssid=CYRILLIC))
            await outbox.add(tx, WlanChanged("city"))
        second = await ap.accept_configure()
        assert second["interfaces"][0]["ssids"][0]["name"] == CYRILLIC
        assert second["uuid"] > first["uuid"]
        assert (await acknowledged(runtime)).acknowledged_uuid == second["uuid"]


async def test_an_unchanged_configuration_is_not_sent_again(runtime, channel):
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce()
        uuid = (await ap.accept_configure())["uuid"]
    await acknowledged(runtime)
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce(uuid=uuid)
        async with runtime.db.transaction() as tx:
            await outbox.add(tx, WlanChanged("city"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                await ap.receive()
    assert (await config_of(runtime)).desired_uuid == uuid


async def test_rejects_and_failures_are_stored_with_their_text(runtime, channel):
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce()
        await ap.reply(
            await ap.receive(), error=1, text="Rejects", rejected=["radios.0.he", {"parameter": "x"}]
        )

        async def status(wanted):
            row = await config_of(runtime)
            return row if row.status == wanted else None

        row = await eventually(lambda: status("rejected"))
        assert row.rejected == ["radios.0.he", '{"parameter":"x"}']
        async with runtime.db.transaction() as tx:
            await tx.execute(sa.update(Wlan).values(ssid="Other"))
            await outbox.add(tx, WlanChanged("city"))
        await ap.reply(await ap.receive(), error=2, text="no space left")
        assert (await eventually(lambda: status("failed"))).error == "no space left"

        async def rejects():
            async with runtime.db.reading() as tx:
                found = list(await tx.scalars(sa.select(ApEvent).where(ApEvent.kind == "reject")))
                return found if len(found) == 2 else None

        await eventually(rejects)


async def test_an_access_point_with_a_higher_uuid_gets_a_higher_one(runtime, channel):
    ahead = int((runtime.clock.now() + timedelta(days=90)).timestamp())
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce(uuid=ahead)
        config = await ap.accept_configure()
        assert config["uuid"] == ahead + 1
        assert await acknowledged(runtime)


async def test_restart_reconciles(runtime, inventory):
    async with serving(runtime) as port, access_point(port, SERIAL, certificate(runtime)) as ap:
        await ap.introduce()
        lost = await ap.receive()  # it applies, but its answer never arrives
    again = replace(runtime, registry=CollectorRegistry())
    async with serving(again) as port, access_point(port, SERIAL, certificate(runtime)) as ap:
        await ap.introduce(uuid=lost["params"]["uuid"])
        assert (await acknowledged(runtime)).acknowledged_uuid == lost["params"]["uuid"]


async def test_planned_becomes_adopted_and_retired_is_cut(runtime, channel):
    serial = PLANNED
    async with access_point(channel, serial, certificate(runtime, serial)) as ap:
        await ap.introduce()

        async def adopted():
            async with runtime.db.reading() as tx:
                return (await tx.get(AccessPoint, serial)).state == "adopted"

        await eventually(adopted)
        async with runtime.db.transaction() as tx:
            await tx.execute(
                sa.update(AccessPoint).where(AccessPoint.serial == serial).values(state="retired")
            )
            await outbox.add(tx, AccessPointChanged(serial))
        await asyncio.wait_for(ap.websocket.wait_closed(), 10)
        assert ap.websocket.close_code == 4003


@pytest.mark.parametrize(
    ("command", "params"), [("reboot", {}), ("leds", {"pattern": "blink"}), ("request", {"message": "state"})]
)
async def test_operators_commands_reach_the_access_point(runtime, channel, command, params):
    async with access_point(channel, SERIAL, certificate(runtime)) as ap:
        await ap.introduce()
        await ap.accept_configure()
        async with runtime.db.transaction() as tx:
            await outbox.add(tx, ApCommandRequested(SERIAL, command, params))
        received = await ap.receive()
        assert received["method"] == command
        assert received["params"]["serial"] == SERIAL
        await ap.reply(received, text="triggered command action")

        async def answered():
            async with runtime.db.reading() as tx:
                events = await tx.scalars(sa.select(ApEvent).where(ApEvent.kind == "event"))
                return [event for event in events if event.data.get("command") == command]

        assert (await eventually(answered))[0].data["error"] == 0


async def test_a_command_to_an_absent_access_point_is_an_event(runtime, channel):
    async with runtime.db.transaction() as tx:
        await outbox.add(tx, ApCommandRequested(SERIAL, "reboot", {}))

    async def answered():
        async with runtime.db.reading() as tx:
            return await tx.scalar(sa.select(ApEvent).where(ApEvent.kind == "event"))

    event = await eventually(answered)
    assert event.data["error"] == -1
    assert "not connected" in event.data["text"]


async def test_events_are_kept_for_a_month(runtime, inventory):
    now = runtime.clock.now()
    async with runtime.db.transaction() as tx:
        for number, days in enumerate((29, 31)):
            tx.add(ApEvent(id=str(number), serial=SERIAL, at=now - timedelta(days=days), kind="log", data={}))
    runtime.tasks.spawn("purge-ap-events", lambda: purge_ap_events(runtime))

    async def purged():
        async with runtime.db.reading() as tx:
            return list(await tx.scalars(sa.select(ApEvent.id))) == ["0"]

    await eventually(purged)


async def test_sessions_end_when_their_time_is_over(runtime):
    directory = Directory(runtime.secrets)
    past = runtime.clock.now() - timedelta(hours=2)
    login = await make_citizen(runtime.db, directory, now=past, session_timeout_s=60)
    async with runtime.db.transaction() as tx:
        request = StartSession(
            mac=MAC, ip="10.77.0.5", gateway_id=None, account_id=login.account_id,
            device_id=login.device_id, plan=login.plan, method="sms",
        )  # fmt: skip
        session = await sessions.start(tx, request, past)
    runtime.tasks.spawn("end-due-sessions", lambda: end_due_sessions(runtime))

    async def ended():
        async with runtime.db.reading() as tx:
            return (await sessions.get(tx, session.id)).end_reason

    await eventually(ended)


async def test_sessions_are_kept_for_so_many_days_and_no_longer(runtime, monkeypatch):
    monkeypatch.setattr(sessions, "PURGE_BATCH", 2)
    directory = Directory(runtime.secrets)
    kept = []
    for days_ago, is_kept in ((400, False), (399, False), (398, False), (300, True)):
        then = runtime.clock.now() - timedelta(days=days_ago)
        login = await make_citizen(runtime.db, directory, now=then)
        async with runtime.db.transaction() as tx:
            request = StartSession(
                mac=MAC, ip="10.77.0.5", gateway_id="gw-1", account_id=login.account_id,
                device_id=login.device_id, plan=login.plan, method="sms",
            )  # fmt: skip
            session = await sessions.start(tx, request, then)
            tx.add(GateLedger(gateway_id="gw-1", session_id=session.id, ip="10.77.0.5"))
            await sessions.end(tx, session.id, reason="idle", now=then, source="gateway")
        if is_kept:
            kept.append(session.id)
    runtime.tasks.spawn("purge-sessions", lambda: purge_sessions(runtime, keep_days=366))

    async def purged():
        async with runtime.db.reading() as tx:
            left = [session.id for session in await sessions.list_sessions(tx)]
            records = set(await tx.scalars(sa.select(AccountingRecord.session_id)))
            ledgers = list(await tx.scalars(sa.select(GateLedger.session_id)))
            return left == kept and records == set(kept) and ledgers == kept

    await eventually(purged)
