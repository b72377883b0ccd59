"""Events of the bus for worker processes: the parent hears them once and passes them down.

A worker's parts subscribe to its bus as they would in the daemon; they may subscribe to what `RELAYED`
lists. So no worker follows the outbox of the database.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from controller.core.bus import Bus, Dispatcher, Handler, encode_event
from controller.directory.events import NetworkKeyChanged
from controller.nas.events import NasChanged
from controller.roaming.events import RoutesChanged
from radius.policy.events import CuiWasReset, PolicyChanged
from radius.spent.events import SpentChanged
from radius.workers.messages import Event, Missed

RELAYED: Final[tuple[type, ...]] = (
    NasChanged,
    RoutesChanged,
    PolicyChanged,
    CuiWasReset,
    SpentChanged,
    NetworkKeyChanged,
)
"""Event classes that workers may subscribe to: whoever adds a subscription adds its event here."""
_MOST_WAITING: Final = 10_000

E = TypeVar("E")


def relay_events(bus: Bus, send: Callable[[Event | Missed], None]) -> None:
    """Have every relayed event, and every gap, sent to the workers."""

    async def pass_on(event: object) -> None:
        send(Event(*encode_event(event)))

    async def pass_gap() -> None:
        send(Missed())

    for kind in RELAYED:
        bus.subscribe(kind, pass_on)
    bus.on_gap(pass_gap)


class RelayBus:
    """The bus of a worker; `hear` is given what the parent sent."""

    def __init__(self) -> None:
        self._dispatcher = Dispatcher()
        self._waiting: asyncio.Queue[Event | Missed] = asyncio.Queue()

    def subscribe(self, event_type: type[E], handler: Handler[E]) -> None:
        """Have `handler` called with each event of the type.

        Raises:
            LookupError: such events are not relayed; a fault of the program.
        """
        if event_type not in RELAYED:
            raise LookupError(f"{event_type.__name__} is not in {__name__}.RELAYED")
        self._dispatcher.subscribe(event_type, handler)

    def on_gap(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Have `callback` called when events may have been missed."""
        self._dispatcher.on_gap(callback)

    def hear(self, message: Event | Missed) -> None:
        """Take what the parent sent; when far too much waits, reading all again is less."""
        if self._waiting.qsize() >= _MOST_WAITING:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            message = Missed()
        self._waiting.put_nowait(message)

    async def connect(self) -> None:
        """Do nothing: the parent is connected."""

    async def run(self) -> None:
        """Deliver events until cancelled."""
        while True:
            message = await self._waiting.get()
            if isinstance(message, Event):
                await self._dispatcher.dispatch(message.topic, message.payload)
            else:
                await self._dispatcher.announce_gap()

    async def close(self) -> None:
        """Do nothing: nothing is open."""
