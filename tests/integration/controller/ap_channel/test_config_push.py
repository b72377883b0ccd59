"""Pushing with a registry of our own making: order, retries, and what survives a crash."""

import asyncio
import json
import math

import pytest
import sqlalchemy as sa

from controller.ap_channel import config_push as module
from controller.ap_channel.board import Board
from controller.ap_channel.config_push import ConfigPush, outcome_of
from controller.ap_channel.ucentral.commands import Reply
from controller.ap_channel.ucentral.registry import Registry, Session
from controller.core.errors import UnavailableError
from controller.models import ApConfig, Wlan
from controller.provisioning import service as provisioning
from controller.provisioning.types import DesiredConfig
from tests.eventually import eventually
from tests.integration.controller.ap_channel.conftest import MORE, READY


class ScriptedLink:
    """Answers every configure with `answer` after noting it."""

    def __init__(self, clock, serial: str, *, error: int = 0, silent: bool = False, uuid: int = 1) -> None:
        self.session = Session(serial, connected_at=clock.now(), config_uuid=uuid)
        self.error = error
        self.silent = silent
        self.received: list[dict] = []

    def command(self, command, timeout_s):
        self.received.append(json.loads(bytes(command.config)))
        future = asyncio.get_running_loop().create_future()
        if self.silent:
            future.set_exception(UnavailableError("the access point did not answer configure"))
        else:
            future.set_result(Reply(1, "configure", self.error, "text", command.uuid))
        return future

    def close(self, code, why):
        raise AssertionError("nobody is to be closed here")


@pytest.fixture
async def refresh(database, inventory, clock):
    async def render() -> tuple[str, ...]:
        async with database.transaction() as tx:
            return (await provisioning.refresh(tx, serials=None, now=clock.now())).changed

    await render()
    return render


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
async def push(database, registry, clock, refresh):
    pushing = ConfigPush(db=database, registry=registry, board=Board(), clock=clock)
    task = asyncio.create_task(pushing.run())
    yield pushing
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def connect(clock, registry, push):
    def connected(serial: str = READY, **options) -> ScriptedLink:
        link = ScriptedLink(clock, serial, **options)
        registry.add(serial, link)
        push.on_connected(serial)
        return link

    return connected


async def settled(database, serial: str, status: str) -> ApConfig:
    async def found():
        async with database.reading() as tx:
            row = await tx.get(ApConfig, serial)
        return row if row.status == status else None

    return await eventually(found)


async def all_looked_at(database, connect):
    """Wait until whoever was queued has been looked at: it goes in turn, and this one comes last."""
    connect(MORE[0])
    await settled(database, MORE[0], "acknowledged")


async def test_everybody_gets_it_once(database, connect):
    links = [connect(serial) for serial in MORE]
    for serial in MORE:
        row = await settled(database, serial, "acknowledged")
        assert row.sent_at is not None
        assert row.acknowledged_uuid == row.desired_uuid
    assert all(len(link.received) == 1 for link in links)
    assert all(link.session.config_uuid == link.received[0]["uuid"] for link in links)


async def test_no_answer_is_a_failure_that_is_tried_again_later(database, connect, push, clock):
    link = connect(silent=True)
    assert "did not answer" in (await settled(database, READY, "failed")).error
    await push.reconcile()
    await all_looked_at(database, connect)
    assert len(link.received) == 1
    link.silent = False
    clock.advance(module.RETRY_S)
    await push.reconcile()
    await settled(database, READY, "acknowledged")
    assert len(link.received) == 2


async def test_rejects_are_final_until_the_content_changes(database, connect, push, clock, refresh):
    link = connect(error=1)
    await settled(database, READY, "rejected")
    link.session.config_uuid = 1
    clock.advance(10 * module.RETRY_S)
    await push.reconcile()
    await all_looked_at(database, connect)
    assert len(link.received) == 1
    async with database.transaction() as tx:
        await tx.execute(sa.update(Wlan).values(ssid="Новая"))
    link.error = 0
    push.request(await refresh())
    await settled(database, READY, "acknowledged")


async def test_drift_is_mended(database, connect, push, clock):
    link = connect()
    row = await settled(database, READY, "acknowledged")
    link.session.config_uuid = row.desired_uuid - 1000  # it went back to an older file
    clock.advance(module.RETRY_S)
    await push.reconcile()
    await eventually(lambda: len(link.received) > 1)
    assert link.received[1] == link.received[0]


async def test_who_runs_it_already_is_not_asked_again(database, connect):
    async with database.reading() as tx:
        uuid = (await tx.get(ApConfig, READY)).desired_uuid
    link = connect(uuid=uuid)
    await settled(database, READY, "acknowledged")
    assert link.received == []


async def test_a_higher_uuid_on_the_access_point_is_outbid(database, connect):
    link = connect(uuid=2_000_000_000)
    row = await settled(database, READY, "acknowledged")
    assert row.desired_uuid == 2_000_000_001 == link.received[0]["uuid"]


def test_what_answers_mean():
    item = DesiredConfig("aa", 5, "{}", "sent")
    assert outcome_of(item, Reply(1, "configure", 0, "", 5)).status == "acknowledged"
    assert outcome_of(item, Reply(1, "configure", 0, "", 5, ("x",))).status == "rejected"
    assert outcome_of(item, Reply(1, "configure", 1, "some", 5)).error == "some"
    assert outcome_of(item, Reply(1, "configure", 2, "", 5)).error == "failed"
    assert math.inf > module.RETRY_S


async def test_those_that_claim_the_last_uuids_do_not_stop_the_others(
    push, registry, database, clock, refresh
):
    for serial, claimed in ((READY, 2**31 - 1), (MORE[1], 2**31 - 2)):
        registry.add(serial, ScriptedLink(clock, serial, uuid=claimed))
    other = ScriptedLink(clock, MORE[0])
    registry.add(MORE[0], other)
    working = asyncio.create_task(push.run())
    try:
        await eventually(lambda: other.received or working.done())
        assert not working.done()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    async with database.transaction() as tx:
        tx.add(Wlan(id="another", ssid="Another"))
    assert {READY, MORE[0], MORE[1]} <= set(await refresh())
