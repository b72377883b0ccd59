"""The database goes away and comes back: accounting is acknowledged all the while, and applied afterwards."""

import asyncio
import contextlib

import pytest
import sqlalchemy as sa

from controller.core.db import Database
from controller.core.tasks import Tasks
from controller.models import Base
from tests.conftest import free_port
from tests.eventually import eventually
from tests.integration.radius.asking import until
from tests.integration.radius.journal.test_applier import books, journal, life  # noqa: F401 - a fixture


class Relay:
    """A TCP port before a server, which can be closed with all that goes through it."""

    def __init__(self, to_port):
        self.port = free_port()
        self._to_port = to_port
        self._server = None
        self._writers = set()

    async def open(self):
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    async def close(self):
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()

    async def _take(self, reader, writer):
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._writers |= {writer, back}
            await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

    async def _carry(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def relay(postgres_url):
    made = Relay(sa.make_url(postgres_url).port)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def database(postgres_url, relay):
    """The schema, reached through the relay."""
    db = Database(sa.make_url(postgres_url).set(port=relay.port).render_as_string(hide_password=False))
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield db
    await db.close()


async def test_accounting_waits_for_the_database(books, open_writer, relay):  # noqa: F811 - the fixture
    async def applied():
        return books.applier.backlog_bytes == 0

    async with Tasks() as tasks:
        tasks.spawn("applier", books.applier.run)
        await journal(open_writer, *life(books, 0, 30))
        await until(applied)
        await relay.close()
        await journal(open_writer, *life(books, 1, 40))  # acknowledged
        await eventually(lambda: books.applier.backlog_age_s() > 0.3)
        assert not await applied()
        await relay.open()
        await until(applied, seconds=60)
    assert await books.total() == 70
