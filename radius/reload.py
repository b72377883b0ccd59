"""Keeping what is read from the database up to date: on events, on gaps, and now and then.

However many events ask for it, what is asked while a reading is under way costs one more reading.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Final

from controller.core.bus import Bus
from controller.core.tasks import Tasks

_PAUSE_S: Final = 0.02
"""An import of a thousand rows sends a thousand events; they are not a thousand readings."""


class Reload:
    """Reads again when asked to.

    Args:
        read: reads; may be called any number of times, never twice at a time.
        every_s: seconds after which it is read again unasked; None: only when asked.
    """

    def __init__(self, read: Callable[[], Awaitable[None]], *, every_s: float | None = None) -> None:
        self._read = read
        self._every_s = every_s
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have it read again soon."""
        self._asked.set()

    async def run(self) -> None:
        """Read when asked to, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._every_s):
                    await self._asked.wait()
                await asyncio.sleep(_PAUSE_S)
            except TimeoutError:
                pass
            self._asked.clear()
            with ExitStack() as undo:
                undo.callback(self.ask)  # whoever runs this again shall read
                await self._read()
                undo.pop_all()


async def keep_read(
    tasks: Tasks,
    bus: Bus,
    name: str,
    read: Callable[[], Awaitable[None]],
    *events: type,
    every_s: float | None = None,
) -> Reload:
    """Read now, and from now on whenever one of the events is heard or some may have been missed.

    Args:
        tasks: where the reading goes on.
        bus: tells the events.
        name: of the task.
        read: reads.
        events: classes of events.
        every_s: as of `Reload`.

    Raises:
        Exception: of the first reading.
    """
    reload = Reload(read, every_s=every_s)

    async def ask(_event: object = None) -> None:
        reload.ask()

    for event in events:
        bus.subscribe(event, ask)
    bus.on_gap(ask)
    await read()
    tasks.spawn(name, reload.run)
    return reload
