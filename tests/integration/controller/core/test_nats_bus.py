"""What only NATS has to stand: other processes' leftovers, an absent server, one that restarts."""

import asyncio

import pytest

from controller.core import outbox
from controller.core.clock import SystemClock
from controller.core.errors import UnavailableError
from controller.core.nats_bus import NatsBus
from controller.core.tasks import Tasks
from tests.conftest import free_port
from tests.fakes.listener import Happened, Heard


async def test_what_a_dead_process_left_in_the_outbox_another_relays(database, nats_url):
    async with database.transaction() as tx:
        await outbox.add(tx, Happened(1))  # and its process dies here
    bus = NatsBus(nats_url, database, SystemClock())
    heard = Heard()
    heard.expected = 1
    bus.subscribe(Happened, heard)
    await bus.connect()
    try:
        async with Tasks() as tasks:
            tasks.spawn("bus", bus.run)
            async with asyncio.timeout(10):
                await heard.enough.wait()
            await asyncio.sleep(0)
    finally:
        await bus.close()
    assert heard.numbers == [1]


async def test_an_absent_server_is_a_clear_error(database):
    bus = NatsBus(f"nats://127.0.0.1:{free_port()}", database, SystemClock())
    with pytest.raises(UnavailableError, match="event bus does not answer: nobody within 5 s"):
        await bus.connect()
