"""An index that is kept in step, and a citizen to stand in it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from controller.directory.service import Directory
from radius.index.build import keep_index, make_index
from radius.settings import RadiusSettings
from tests.factories.people import make_citizen


async def until(condition, seconds=10.0):
    """Wait until a condition holds; return the seconds it took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not condition():
        assert loop.time() - started < seconds, "it did not happen in time"
        await asyncio.sleep(0.002)
    return loop.time() - started


@asynccontextmanager
async def kept(runtime, **settings):
    """The reader of an index that is kept while the block lasts, and its keeper."""
    index = make_index(runtime)
    fresh = replace(runtime, registry=CollectorRegistry())
    async with keep_index(fresh, RadiusSettings(**settings), index) as keeper:
        yield index, keeper


@pytest.fixture
def directory(runtime):
    return Directory(runtime.secrets)


@pytest.fixture
async def login(runtime, directory):
    return await make_citizen(runtime.db, directory, now=datetime.now(UTC))


@pytest.fixture
async def issued(runtime, directory, login):
    async with runtime.db.transaction() as tx:
        return await directory.issue_credential(
            tx, device_id=login.device_id, now=datetime.now(UTC), valid_s=1000
        )
