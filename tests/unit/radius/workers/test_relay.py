import asyncio
from dataclasses import dataclass

import pytest

from controller.core.bus import Dispatcher, encode_event, event
from controller.nas.events import NasChanged
from radius.workers import relay
from radius.workers.messages import Event, Missed
from radius.workers.relay import RelayBus, relay_events


@event("somebody.else")
@dataclass(frozen=True)
class Unrelayed:
    """An event workers do not get."""


class Worker:
    def __init__(self):
        self.bus = RelayBus()
        self.heard = []
        self.gaps = 0
        self.bus.subscribe(NasChanged, self.hear)
        self.bus.on_gap(self.gap)

    async def hear(self, heard):
        self.heard.append(heard.nas_id)

    async def gap(self):
        self.gaps += 1

    async def run(self):
        running = asyncio.create_task(self.bus.run())
        for _ in range(20):
            await asyncio.sleep(0)
        running.cancel()


async def test_what_the_parent_hears_workers_hear_in_order():
    parent, worker = Dispatcher(), Worker()
    relay_events(parent, worker.bus.hear)
    await parent.dispatch(*encode_event(NasChanged("a")))
    await parent.announce_gap()
    await parent.dispatch(*encode_event(NasChanged("b")))
    await parent.dispatch(*encode_event(Unrelayed()))
    await worker.run()
    assert (worker.heard, worker.gaps) == (["a", "b"], 1)


def test_what_is_not_relayed_cannot_be_subscribed_to():
    with pytest.raises(LookupError, match="Unrelayed"):
        RelayBus().subscribe(Unrelayed, Worker().hear)


async def test_when_far_too_much_waits_everything_is_read_again(monkeypatch):
    monkeypatch.setattr(relay, "_MOST_WAITING", 3)
    worker = Worker()
    for name in "abcd":
        worker.bus.hear(Event(*encode_event(NasChanged(name))))
    worker.bus.hear(Missed())
    await worker.run()
    assert (worker.heard, worker.gaps) == ([], 2)
