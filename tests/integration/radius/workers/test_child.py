"""A worker process by itself: what it does when its parent is not what it should be."""

import asyncio
import os
import socket
import sys

import pytest

from controller.core.settings import CoreSettings
from radius.settings import RadiusSettings
from radius.workers.messages import Welcome
from radius.workers.process import Plan, start_worker
from tests.conftest import free_port


@pytest.fixture
def pair():
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    yield ends
    for end in ends:
        end.close()


@pytest.fixture
def plan(runtime, pair):
    def make(**ports):
        numbers = {"access": free_port(socket.SOCK_DGRAM), "accounting": free_port(socket.SOCK_DGRAM)} | ports
        core, settings = runtime.settings.model_dump_json(), RadiusSettings().model_dump_json()
        return Plan(Welcome(0, core.encode(), settings.encode(), numbers), pair[0], [pair[1]])

    return make


sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_whoever_is_not_the_parent_cannot_start_one(pair):
    with pair[0].dup() as one:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "radius.workers", str(os.getppid()), str(one.fileno()), str(one.fileno()),
            pass_fds=[one.fileno()],
        )  # fmt: skip
        assert await asyncio.wait_for(process.wait(), 20) == 1


@sqlite
async def test_it_ends_when_the_channel_does(plan):
    worker = await start_worker(plan())
    assert (await asyncio.wait_for(worker.channel.receive(), 30)).definitions
    await worker.channel.close()
    assert await asyncio.wait_for(worker.ended(), 20) == 0


@sqlite
async def test_it_reports_each_second_unasked(plan):
    worker = await start_worker(plan())
    await asyncio.wait_for(worker.channel.receive(), 30)
    for _ in range(2):
        report = await asyncio.wait_for(worker.channel.receive(), 5)
        assert report.ticket == 0
        assert "kolco_radius_worker_cpu_seconds" in {family.name for family in report.families}
    worker.stop()
    assert await worker.ended() == 0


@sqlite
async def test_what_stops_it_from_starting_is_told(plan, capfd):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        worker = await start_worker(plan(access=taken.getsockname()[1]))
        while await asyncio.wait_for(worker.channel.receive(), 30) is not None:
            pass
        assert await worker.ended() == 1
    assert "cannot listen on" in capfd.readouterr().err


def test_settings_survive_the_way_to_a_worker(tmp_path):
    core = CoreSettings(data_dir=tmp_path, database_url="postgresql+asyncpg://u:secret@db/kolco")
    assert CoreSettings.model_validate_json(core.model_dump_json()) == core
    settings = RadiusSettings(workers=3, eap_methods=("tls",), dynamic_from=("up",))
    assert RadiusSettings.model_validate_json(settings.model_dump_json()) == settings
