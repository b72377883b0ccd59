import asyncio
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from controller.core import tasks
from controller.core.tasks import Tasks


async def test_a_crashed_task_runs_again_and_is_counted(monkeypatch):
    monkeypatch.setattr(tasks, "_FIRST_DELAY_S", 0.0)
    registry = CollectorRegistry()
    runs = []
    done = asyncio.Event()

    async def work():
        runs.append(1)
        if len(runs) < 3:
            raise ValueError
        done.set()

    async with Tasks(registry) as running:
        running.spawn("work", work)
        await asyncio.wait_for(done.wait(), 5)
    assert len(runs) == 3
    assert registry.get_sample_value("kolco_task_crashes_total", {"task": "work"}) == 2


async def test_a_task_that_must_not_fail_raises_at_the_end():
    async def work():
        raise ValueError("gone")

    async def run():
        async with Tasks() as running:
            running.spawn("work", work, restart=False)
            await asyncio.wait([running.failed])

    with pytest.raises(ValueError, match="gone"):
        await run()


async def test_a_server_that_is_away_is_told_once_and_asked_again_soon(monkeypatch):
    monkeypatch.setattr(tasks, "_FIRST_DELAY_S", 0.0)
    told = []
    monkeypatch.setattr(tasks, "_log", SimpleNamespace(warning=lambda *_, **data: told.append(data)))
    done = asyncio.Event()
    runs = []

    async def work():
        runs.append(1)
        if len(runs) == 4:
            done.set()
        raise ConnectionRefusedError(111, "Connect call failed")

    async with Tasks() as running:
        running.spawn("work", work)
        await asyncio.wait_for(done.wait(), 5)
    assert told == [{"task": "work", "reason": "[Errno 111] Connect call failed"}]


async def test_leaving_ends_every_task_even_one_that_swallows_a_cancellation(monkeypatch):
    monkeypatch.setattr(tasks, "_CANCEL_AGAIN_S", 0.01)
    cancelled = []

    async def stubborn():
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(1)
        await asyncio.Event().wait()

    async with Tasks() as running:
        running.spawn("stubborn", stubborn)
        await asyncio.sleep(0)
    assert len(cancelled) == 2
