import asyncio

import pytest

from controller.core.bus import Dispatcher, encode_event
from controller.core.tasks import Tasks
from controller.nas.events import NasChanged
from radius import reload
from radius.reload import Reload, keep_read


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(reload, "_PAUSE_S", 0)


class Reader:
    def __init__(self):
        self.count = 0
        self.fails = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def read(self):
        self.count += 1
        await self.slow.wait()
        if self.fails:
            raise ConnectionError


async def turns(number=20):
    for _ in range(number):
        await asyncio.sleep(0)


async def test_it_is_read_at_once_and_after_each_event_and_gap():
    reader, bus = Reader(), Dispatcher()
    async with Tasks() as tasks:
        await keep_read(tasks, bus, "nas", reader.read, NasChanged)
        assert reader.count == 1
        await bus.dispatch(*encode_event(NasChanged("a")))
        await turns()
        assert reader.count == 2
        await bus.announce_gap()
        await turns()
        assert reader.count == 3


async def test_what_is_asked_while_it_is_read_costs_one_more_reading():
    reader = Reader()
    reader.slow.clear()
    again = Reload(reader.read)
    running = asyncio.create_task(again.run())
    again.ask()
    await turns()
    for _ in range(100):
        again.ask()
    reader.slow.set()
    await turns()
    assert reader.count == 2
    running.cancel()


async def test_a_reading_that_failed_is_made_up_for():
    reader = Reader()
    reader.fails = True
    again = Reload(reader.read)
    again.ask()
    with pytest.raises(ConnectionError):
        await again.run()
    reader.fails = False
    running = asyncio.create_task(again.run())
    await turns()
    assert reader.count == 2
    running.cancel()


async def test_it_is_read_now_and_then_unasked():
    reader = Reader()
    running = asyncio.create_task(Reload(reader.read, every_s=0).run())
    await turns(50)
    assert reader.count > 1
    running.cancel()


async def test_a_first_reading_that_fails_is_told():
    reader = Reader()
    reader.fails = True
    async with Tasks() as tasks:
        with pytest.raises(ConnectionError):
            await keep_read(tasks, Dispatcher(), "nas", reader.read)
