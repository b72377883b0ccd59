"""The embedded bus: each process follows the outbox table of the shared database, no server needed.

On SQLite a process sees that another one committed by `PRAGMA data_version`, which costs a few
microseconds; its own commits nudge it at once. On PostgreSQL without NATS it asks ten times a
second. Not for many machines: that is what `nats_bus` is for.
"""

import asyncio
import contextlib
from collections import OrderedDict
from datetime import timedelta

from controller.core import outbox
from controller.core.bus import Dispatcher
from controller.core.clock import Clock
from controller.core.db import Database

_POLL_SQLITE_S = 0.025
_POLL_POSTGRESQL_S = 0.1
_BATCH = 500
_LATE_COMMIT_S = 10.0
"""How long a PostgreSQL transaction may hold an id before it commits and still be delivered."""


class LocalBus(Dispatcher):
    """Delivers what is committed to the outbox, in this and in other processes.

    Args:
        db: the database all processes share.
        clock: for the window in which late commits are looked for.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        super().__init__()
        self._db = db
        self._clock = clock
        self._after = 0
        self._recent: OrderedDict[int, float] = OrderedDict()
        self._nudged = asyncio.Event()

    async def connect(self) -> None:
        """Start after what is committed; what is still under way (PostgreSQL) will be heard."""
        horizon = self._clock.now() - timedelta(seconds=_LATE_COMMIT_S)
        async with self._db.reading() as tx:
            self._after = await outbox.last_id_before(tx, horizon)
            known = await outbox.ids_after(tx, self._after)
        self._recent = OrderedDict.fromkeys(known, self._clock.monotonic())
        outbox.on_commit(self._db, self._nudged.set)

    async def run(self) -> None:
        """Follow the outbox until cancelled."""
        poll_s = _POLL_SQLITE_S if self._db.dialect == "sqlite" else _POLL_POSTGRESQL_S
        async with self._db.change_marker() as marker:
            seen = None
            while True:
                current = await marker()
                if current != seen or current is None or self._nudged.is_set():
                    self._nudged.clear()
                    await self._deliver()
                    seen = current
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(poll_s):
                        await self._nudged.wait()

    async def close(self) -> None:
        """Nothing is held."""

    async def _deliver(self) -> None:
        """Deliver each event once, those included whose transaction committed after a later id's did."""
        horizon = self._clock.monotonic() - _LATE_COMMIT_S
        while self._recent and next(iter(self._recent.values())) < horizon:
            self._after = max(self._after, self._recent.popitem(last=False)[0])
        position = self._after
        while True:
            async with self._db.reading() as tx:
                rows = await outbox.newer(tx, position, _BATCH)
            for row in rows:
                if row.id not in self._recent:
                    self._recent[row.id] = self._clock.monotonic()
                    await self.dispatch(row.topic, row.payload)
            if len(rows) < _BATCH:
                break
            position = rows[-1].id
        if self._db.dialect == "sqlite" and rows:  # one writer at a time: ids commit in order
            self._after = rows[-1].id
            self._recent.clear()
