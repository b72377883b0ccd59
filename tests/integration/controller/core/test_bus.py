"""Both buses: what one process commits, another hears, once the transaction is there and not before."""

import asyncio

import pytest

from controller.core import outbox
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.local_bus import LocalBus
from controller.core.nats_bus import NatsBus
from controller.core.tasks import Tasks
from tests.fakes.listener import Happened, Heard


@pytest.fixture(params=["embedded", "nats"])
def make_bus(request, nats_url):
    def make(db):
        return (
            LocalBus(db, SystemClock())
            if request.param == "embedded"
            else NatsBus(nats_url, db, SystemClock())
        )

    return make


async def test_events_reach_this_and_another_process_in_order(database, make_bus):
    other_db = Database(database.url)
    mine, others = make_bus(database), make_bus(other_db)
    heard_here, heard_there = Heard(), Heard()
    heard_here.expected = heard_there.expected = 50
    mine.subscribe(Happened, heard_here)
    others.subscribe(Happened, heard_there)
    await mine.connect()
    await others.connect()
    try:
        async with Tasks() as tasks:
            tasks.spawn("mine", mine.run)
            tasks.spawn("others", others.run)
            for number in range(50):
                async with database.transaction() as tx:
                    await outbox.add(tx, Happened(number))
            async with asyncio.timeout(10):
                await heard_here.enough.wait()
                await heard_there.enough.wait()
    finally:
        await mine.close()
        await others.close()
        await other_db.close()
    assert heard_here.numbers == list(range(50))
    assert heard_there.numbers == list(range(50))


async def write_and_fail(database):
    async with database.transaction() as tx:
        await outbox.add(tx, Happened(1))
        await tx.flush()
        raise RuntimeError


async def test_an_event_of_a_rolled_back_transaction_is_never_heard(database, make_bus):
    bus = make_bus(database)
    heard = Heard()
    heard.expected = 1
    bus.subscribe(Happened, heard)
    await bus.connect()
    try:
        async with Tasks() as tasks:
            tasks.spawn("bus", bus.run)
            with pytest.raises(RuntimeError):
                await write_and_fail(database)
            async with database.transaction() as tx:
                await outbox.add(tx, Happened(2))
            async with asyncio.timeout(10):
                await heard.enough.wait()
    finally:
        await bus.close()
    assert heard.numbers == [2]


async def test_a_failing_handler_leads_to_reconciliation_and_silences_nobody(database, make_bus):
    bus = make_bus(database)
    heard = Heard()
    heard.expected = 1
    gaps = asyncio.Event()

    async def fails(_event):
        raise ValueError

    async def reconcile():
        gaps.set()

    bus.subscribe(Happened, fails)
    bus.subscribe(Happened, heard)
    bus.on_gap(reconcile)
    await bus.connect()
    try:
        async with Tasks() as tasks:
            tasks.spawn("bus", bus.run)
            async with database.transaction() as tx:
                await outbox.add(tx, Happened(7))
            async with asyncio.timeout(10):
                await heard.enough.wait()
                await gaps.wait()
    finally:
        await bus.close()
