"""A worker process as its parent handles it."""

import asyncio
import signal
import socket

import psutil
import pytest

from radius.settings import RadiusSettings
from radius.workers import process as module
from radius.workers.messages import Ready, Welcome
from radius.workers.process import Plan, start_worker
from tests.conftest import free_port

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def worker(runtime):
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, its:
        core, settings = runtime.settings.model_dump_json(), RadiusSettings().model_dump_json()
        ports = {"access": free_port(socket.SOCK_DGRAM), "accounting": free_port(socket.SOCK_DGRAM)}
        started = await start_worker(Plan(Welcome(0, core.encode(), settings.encode(), ports), ours, [its]))
        assert isinstance(await asyncio.wait_for(started.channel.receive(), 30), Ready)
        yield started
        started.kill()
        await started.ended()


async def test_asked_to_stop_it_reports_once_more_and_ends(worker):
    assert psutil.pid_exists(worker.pid)
    worker.stop()
    last = None
    while (message := await worker.channel.receive()) is not None:
        last = message
    assert last.families
    assert await worker.ended() == 0


async def test_killed_it_ends_by_the_signal(worker):
    worker.kill()
    assert await worker.ended() == -signal.SIGKILL
    worker.kill()  # again; nothing happens


async def test_what_does_not_end_is_killed(worker, monkeypatch):
    monkeypatch.setattr(module, "_STOP_S", 0.2)
    psutil.Process(worker.pid).suspend()
    worker.stop()
    await worker.ensure_ended()
    assert await worker.ended() == -signal.SIGKILL


async def test_ctrl_c_is_for_the_parent(worker):
    assert psutil.Process(worker.pid).parent() == psutil.Process()
    assert module.os.getsid(worker.pid) == worker.pid
