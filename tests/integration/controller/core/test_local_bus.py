"""What only the embedded bus has to stand: ids that commit out of order on PostgreSQL."""

import asyncio

from controller.core import outbox
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.local_bus import LocalBus
from controller.core.tasks import Tasks
from tests.fakes.listener import Happened, Heard


async def test_an_event_that_commits_after_a_later_one_is_heard_once(postgres_url):
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(outbox.OutboxRow.metadata.create_all)
    bus = LocalBus(database, SystemClock())
    heard = Heard()
    heard.expected = 1
    bus.subscribe(Happened, heard)
    await bus.connect()
    try:
        async with Tasks() as tasks:
            tasks.spawn("bus", bus.run)
            async with database.transaction() as slow:
                await outbox.add(slow, Happened(1))
                await slow.flush()  # has the lower id
                async with database.transaction() as fast:
                    await outbox.add(fast, Happened(2))
                async with asyncio.timeout(5):
                    await heard.enough.wait()
                heard.enough.clear()
                heard.expected = 2
            async with asyncio.timeout(5):
                await heard.enough.wait()
            for number in range(3, 6):
                async with database.transaction() as tx:
                    await outbox.add(tx, Happened(number))
            heard.enough.clear()
            heard.expected = 5
            async with asyncio.timeout(5):
                await heard.enough.wait()
    finally:
        await database.close()
    assert heard.numbers == [2, 1, 3, 4, 5]


async def test_what_was_under_way_at_the_start_is_heard(postgres_url):
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(outbox.OutboxRow.metadata.create_all)
    bus = LocalBus(database, SystemClock())
    heard = Heard()
    heard.expected = 1
    bus.subscribe(Happened, heard)
    try:
        async with Tasks() as tasks:
            async with database.transaction() as slow:
                await outbox.add(slow, Happened(1))
                await slow.flush()  # has the lower id
                async with database.transaction() as fast:
                    await outbox.add(fast, Happened(2))
                await bus.connect()  # between the two commits: it cannot have read of the first
            tasks.spawn("bus", bus.run)
            async with asyncio.timeout(5):
                await heard.enough.wait()
    finally:
        await database.close()
    assert heard.numbers == [1]


async def test_what_was_read_is_not_read_again(postgres_url, monkeypatch):
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(outbox.OutboxRow.metadata.create_all)
    bus = LocalBus(database, SystemClock())
    heard = Heard()
    bus.subscribe(Happened, heard)
    await bus.connect()
    newer, read = outbox.newer, []

    async def note(*arguments):
        rows = await newer(*arguments)
        read.extend(row.id for row in rows)
        return rows

    monkeypatch.setattr(outbox, "newer", note)
    try:
        async with Tasks() as tasks:
            tasks.spawn("bus", bus.run)
            for number in range(1, 21):
                heard.enough.clear()
                heard.expected = number
                async with database.transaction() as tx:
                    await outbox.add(tx, Happened(number))
                async with asyncio.timeout(5):
                    await heard.enough.wait()
    finally:
        await database.close()
    assert heard.numbers == list(range(1, 21))
    assert len(read) == len(set(read)) == 20
