"""Worker processes of a real daemon: killed, stopped, told of changes, and what /metrics says of it."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import threading
import time

import psutil
import pytest
from prometheus_client import CollectorRegistry

from controller.core.errors import UnavailableError
from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import encode_packet, encode_text
from radius.settings import RadiusSettings
from radius.tally import Tally
from radius.workers import pool as module
from radius.workers.assembly import prepare
from radius.workers.messages import Event
from radius.workers.pool import WorkerPool
from radius.workers.process import start_worker
from tests.conftest import free_port
from tests.eventually import eventually
from tests.integration.radius.asking import SECRET, exchange
from tests.integration.radius.workers.conftest import mab_request

REQUESTS = 'kolco_radius_requests_total{kind="access",nas="lo"}'
ACCEPTS = 'kolco_radius_replies_total{nas="lo",outcome="accept"}'
HANDLED = 'kolco_radius_reply_seconds_count{kind="access",method="mab"}'


class Nases(threading.Thread):
    """Some NASes that ask all the time, each from a port of its own, and ask again as NASes do."""

    def __init__(self, port, count=12):
        super().__init__(daemon=True)
        self.port, self.count = port, count
        self.stopping = threading.Event()
        self.asked = self.lost = 0
        self.waits = []

    def run(self):
        with contextlib.ExitStack() as stack:
            socks = [
                stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                for _ in range(self.count)
            ]
            number = 0
            while not self.stopping.is_set():
                number += 1
                self.ask(socks[number % self.count], number % 256)

    def ask(self, sock, identifier):
        data = mab_request(identifier)
        self.asked += 1
        began = time.monotonic()
        sock.settimeout(0.2)
        for _ in range(25):
            sock.sendto(data, ("127.0.0.1", self.port))
            with contextlib.suppress(TimeoutError):
                while sock.recv(4096)[1] != identifier:
                    pass
                self.waits.append(time.monotonic() - began)
                return
        self.lost += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_error):
        self.stopping.set()
        self.join()


def gone(processes):
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


async def test_all_workers_answer_and_their_sum_is_shown(crew):
    for number in range(40):
        assert await asyncio.to_thread(crew.answered, number)
    shown = await crew.metrics()
    assert shown["kolco_radius_workers"] == 2
    assert shown[REQUESTS] == 40
    assert (
        shown[HANDLED.replace('method="mab"', 'method="mab"')]
        + shown['kolco_radius_reply_seconds_count{kind="access",method=""}']
        == 40
    )
    assert shown["kolco_radius_nas_clients"] == 1
    assert shown['kolco_radius_kernel_drops{port="access"}'] == 0
    assert shown['kolco_radius_in_flight{port="access"}'] == 0
    assert shown['kolco_radius_remembered{port="access"}'] == 40
    for worker in "01":
        assert shown[f'kolco_radius_worker_cpu_seconds_total{{worker="{worker}"}}'] > 0
        assert shown[f'kolco_radius_worker_resident_bytes{{worker="{worker}"}}'] > 1_000_000
    spent = [sum(child.cpu_times()[:2]) for child in crew.workers()]
    assert len(spent) == 2


async def test_a_killed_worker_comes_back_and_counts_go_on(crew):
    victim = crew.workers()[0]
    with Nases(crew.auth_port) as nases:
        looks = []

        async def look(seconds):
            for _ in range(int(seconds / 0.1)):
                looks.append(await crew.metrics())
                await asyncio.sleep(0.1)  # the pace of looking

        await look(1)
        victim.kill()
        await look(2)

        async def complete():
            looks.append(await crew.metrics())
            return looks[-1]["kolco_radius_workers"] == 2

        await eventually(complete)
        await look(1)
    assert nases.lost == 0
    assert gone([victim])
    assert len(crew.workers()) == 2
    for name in looks[0]:
        if "_total" in name or "_count" in name or "_bucket" in name:
            values = [look[name] for look in looks if name in look]
            assert values == sorted(values), name
    final = looks[-1]
    assert (
        final['kolco_radius_worker_deaths_total{worker="0"}']
        + final['kolco_radius_worker_deaths_total{worker="1"}']
        == 1
    )
    # What the dead one had not reported yet is lost: a second's worth at most.
    shown = await crew.metrics()
    assert shown[ACCEPTS] > nases.asked / 2
    assert shown[ACCEPTS] <= nases.asked + sum(wait > 0.2 for wait in nases.waits)


@pytest.mark.parametrize("crew", ["sqlite", "postgresql"], indirect=True)
async def test_a_nas_that_is_added_is_served_by_all_with_no_restart(crew):
    before = {child.pid for child in crew.workers()}
    await crew.kolco("radius", "nas", "remove", "lo", "--yes")

    async def silent():
        return not await asyncio.to_thread(crew.answered, 1, wait_s=0.2)

    await eventually(silent)
    crew.environment["KOLCO_NAS_SECRET"] = "another secret here"
    await crew.kolco("radius", "nas", "add", "new", "127.0.0.0/8")

    async def answered():
        return await asyncio.to_thread(crew.answered, 1, "another secret here", 0.2)

    async def all_answer():  # thirty ports: no worker is left out but once in a billion times
        return all([await asyncio.to_thread(crew.answered, n, "another secret here", 0.2) for n in range(30)])

    await eventually(answered)
    await eventually(all_answer)
    assert {child.pid for child in crew.workers()} == before


async def test_who_signs_is_learnt_and_shown(crew):
    assert await asyncio.to_thread(crew.answered)

    async def noted():
        return (await crew.metric('kolco_radius_nas_signs{nas="lo"}')) == 1

    crew.environment["KOLCO_RADIUS_NAS_RELOAD_S"] = "0.2"
    await crew.stop()
    await crew.start()
    assert await asyncio.to_thread(crew.answered)
    await eventually(noted)
    assert "never" in await crew.kolco("radius", "nas", "list")
    unsigned = encode_packet(Code.ACCESS_REQUEST, 1, bytes(16), [(1, b"somebody")])
    assert await asyncio.to_thread(exchange, crew.auth_port, unsigned, 0.3) == [None]

    async def learnt():
        return (await crew.metrics())['kolco_radius_nas_signs{nas="lo"}'] == 0

    await eventually(learnt)
    assert "never" not in await crew.kolco("radius", "nas", "list")


async def test_nothing_stays_behind_when_it_is_stopped(crew):
    children = crew.workers()
    with Nases(crew.auth_port, count=4) as nases:
        await eventually(lambda: len(nases.waits) > 20)
        nases.stopping.set()
        for child in children:  # as a service manager does it
            child.terminate()
        await crew.stop(signal.SIGTERM)
    assert crew.process.returncode == 0
    assert "radius.worker_died" not in crew.log.read_text()
    assert len(children) == 2
    assert gone(children)


async def test_nothing_stays_behind_when_it_is_killed(crew):
    children = crew.workers()
    await crew.stop(signal.SIGKILL)

    async def ended():
        return gone(children)

    await eventually(ended, within_s=5)


@pytest.fixture
async def pool(runtime):
    """Two workers of this very process."""
    registry = CollectorRegistry()
    ports = {"access": free_port(socket.SOCK_DGRAM), "accounting": free_port(socket.SOCK_DGRAM)}
    settings = RadiusSettings()
    prepare(runtime, settings)
    pool = WorkerPool(
        2, runtime.settings, settings, ports, heard=lambda _: None, registry=registry, tally=Tally(registry)
    )
    yield pool
    await pool.stop()


def deaths(pool):
    return sum(
        sample.value
        for family in pool.families()
        for sample in family.samples
        if sample.name == "kolco_radius_worker_deaths_total"
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_worker_that_hangs_is_ended_and_keeps_nobody_waiting(pool, monkeypatch):
    monkeypatch.setattr(module, "_SILENT_S", 4.0)
    async with pool:
        psutil.Process(pool.pids[1]).suspend()
        began = time.monotonic()
        await pool.collect()
        assert time.monotonic() - began < 3

        async def replaced():
            return deaths(pool) == 1 and len(pool.pids) == 2

        await eventually(replaced, within_s=30)
        assert {psutil.Process(pid).status() for pid in pool.pids} != {psutil.STATUS_STOPPED}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_worker_that_does_not_read_is_ended(pool, monkeypatch):
    monkeypatch.setattr(module, "_MOST_UNREAD", 1_000_000)
    async with pool:
        psutil.Process(pool.pids[0]).suspend()
        reader = pool._workers[1].process.channel
        for _ in range(30):
            pool.send(Event("of.no.interest", bytes(100_000)))
            await eventually(lambda: reader.waiting < 500_000)

        async def replaced():
            return deaths(pool) == 1 and len(pool.pids) == 2

        await eventually(replaced, within_s=30)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_worker_comes_back_though_the_system_has_none_for_a_while(pool, monkeypatch):
    refused = []

    async def start(plan):
        if len(refused) < 2:
            refused.append(plan.welcome.number)
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return await start_worker(plan)

    async with pool:
        monkeypatch.setattr(module, "start_worker", start)
        psutil.Process(pool.pids[0]).kill()

        async def replaced():
            return len(pool.pids) == 2 and len(refused) == 2

        await eventually(replaced, within_s=30)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_workers_that_cannot_start_are_told(runtime):
    registry = CollectorRegistry()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        ports = {"access": taken.getsockname()[1], "accounting": free_port(socket.SOCK_DGRAM)}
        pool = WorkerPool(
            1,
            runtime.settings,
            RadiusSettings(),
            ports,
            heard=lambda _: None,
            registry=registry,
            tally=Tally(registry),
        )
        with pytest.raises(UnavailableError, match="cannot start"):
            async with pool:
                pass
    assert pool.pids == []


def tell_starts(port, count, heard):
    """Send Accounting-Requests from several ports, each once; `heard` gets the acknowledged ones."""
    with contextlib.ExitStack() as stack:
        nases = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(8)]
        for number in range(count):
            nas = nases[number % len(nases)]
            nas.settimeout(1)
            attributes = [
                (40, b"\0\0\0\1"),
                encode_text(44, f"s{number}"),
                encode_text(31, "02-00-00-00-00-99"),
            ]
            nas.sendto(
                sign_request(
                    Code.ACCOUNTING_REQUEST,
                    number % 256,
                    attributes,
                    SECRET.encode(),
                    random_authenticator=bytes(16),
                ),
                ("127.0.0.1", port),
            )
            with contextlib.suppress(TimeoutError):
                if nas.recv(4096)[1] == number % 256:
                    heard.append(number)


async def test_what_a_killed_worker_acknowledged_is_applied(crew):
    heard = []
    telling = asyncio.create_task(asyncio.to_thread(tell_starts, crew.acct_port, 200, heard))
    await eventually(lambda: len(heard) >= 50)
    crew.workers()[0].kill()
    await telling
    acknowledged = len(heard)
    assert acknowledged > 100
    applied = 'kolco_radius_accounting_records_total{kind="start",outcome="unknown-session"}'

    async def caught_up():
        shown = await crew.metrics()
        return shown["kolco_radius_journal_backlog_bytes"] == 0 and shown.get(applied, 0) >= acknowledged

    await eventually(caught_up, within_s=30)
    assert await crew.metric(applied) <= 200
