"""A comparison in a process of its own, from both databases, and whatever may befall it."""

import asyncio
import os
import signal

import psutil
import pytest

from controller.core.errors import UnavailableError
from radius.index.apart import Job, compare_apart
from radius.index.compare import Compared
from radius.index.entries import CREDENTIALS, DEVICES
from radius.index.environment import is_marked_damaged
from radius.index.keys import Keys
from radius.index.reader import AccountIndex
from radius.index.writer import IndexWriter
from tests.factories.people import MAC
from tests.integration.radius.index.conftest import kept, until

KEYS = Keys(bytes(32))


@pytest.fixture
def writer(tmp_path):
    writer = IndexWriter(tmp_path / "index", KEYS.check, map_bytes=2**24)
    writer.open()
    yield writer
    writer.abandon()


@pytest.fixture
def compare(runtime, writer):
    async def run(url=runtime.db.url, apply=writer.apply):
        async def write(changes):
            return apply(changes)

        job = Job(url, str(writer.path), KEYS.secret, runtime.clock.now().timestamp(), 1, os.getpid())
        return await compare_apart(job, write)

    return run


async def test_it_finds_what_has_to_change(runtime, login, issued, writer, compare):
    assert await compare() == Compared(2, 2, 0)
    index = AccountIndex(writer.path, KEYS)
    index.attach(writer.environment)
    assert index.find_credential(issued.username, None)[0].device_id == login.device_id
    assert index.find_device(MAC)[0].account_id == login.account_id
    assert await compare() == Compared(2, 0, 0)
    writer.apply([(CREDENTIALS, bytes(16), b"stray"), (DEVICES, KEYS.station(MAC), b"other")])
    assert await compare() == Compared(2, 1, 1)
    assert writer.count(CREDENTIALS) == 1


async def test_it_is_told_when_the_database_is_away(compare):
    with pytest.raises(UnavailableError, match="the database is away"):
        await compare("postgresql+asyncpg://kolco@127.0.0.1:1/none")


async def test_it_is_told_when_there_is_no_index(writer, compare):
    writer.discard(damaged=False)
    with pytest.raises(UnavailableError, match="cannot be read"):
        await compare()


def helpers():
    """The processes that compare."""
    return [one for one in psutil.Process().children() if "radius.index.apart" in one.cmdline()]


async def test_an_index_that_kills_it_is_made_anew(login, writer, compare):
    comparing = asyncio.create_task(compare())
    await until(helpers)
    helpers()[0].send_signal(signal.SIGBUS)  # as LMDB does, of a file that was cut off
    with pytest.raises(UnavailableError, match=f"ended by itself, {-signal.SIGBUS}"):
        await comparing
    assert is_marked_damaged(writer.path)


async def test_it_ends_when_what_it_found_cannot_be_written(login, compare):
    def fail(_changes):
        raise UnavailableError("full")

    with pytest.raises(UnavailableError, match="full"):
        await compare(apply=fail)
    assert helpers() == []


async def test_the_keeper_has_it_done_so_where_there_are_many(runtime, login, issued, monkeypatch):
    monkeypatch.setattr("radius.index.keeper.APART", 0)
    async with kept(runtime) as (index, keeper):
        await until(lambda: keeper.is_complete, 60)
        assert index.find_device(MAC)[0].device_id == login.device_id
        assert index.find_credential(issued.username, None)[0].device_id == login.device_id
