"""The embedded bus: each process follows the outbox table of the shared database, no server needed.

On SQLite a process sees that another one committed by `PRAGMA data_version`, which costs a few
microseconds; its own commits nudge it at once. On PostgreSQL without NATS it asks ten times a
second. Not for many machines: that is what `nats_bus` is for.
"""

import asyncio
import contextlib
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
_MOST_MISSING = 10_000
"""How many ids before one that is there may belong to transactions that go on."""


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
        """The highest id that was read."""
        self._missing: dict[int, float] = {}
        """Lower ids that were not there, of transactions that go on or failed, and when that was noticed."""
        self._nudged = asyncio.Event()

    async def connect(self) -> None:
        """Start after what is committed; what is still under way (PostgreSQL) will be heard."""
        horizon = self._clock.now() - timedelta(seconds=_LATE_COMMIT_S)
        async with self._db.reading() as tx:
            self._after = await outbox.last_id_before(tx, horizon)
            known = await outbox.ids_after(tx, self._after)
        for number in known:
            self._pass(number)
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
        while self._missing and next(iter(self._missing.values())) < horizon:
            del self._missing[next(iter(self._missing))]
        while True:
            async with self._db.reading() as tx:
                rows = await outbox.newer(tx, self._after, _BATCH)
                # Asked for after those: whatever committed before one of them is seen, and comes first.
                late = await outbox.find(tx, list(self._missing)) if self._missing else ()
            for row in late:
                del self._missing[row.id]
                await self.dispatch(row.topic, row.payload)
            for row in rows:
                self._pass(row.id)
                await self.dispatch(row.topic, row.payload)
            if len(rows) < _BATCH:
                return

    def _pass(self, number: int) -> None:
        """Go on to the next id that is there, and take note of those before it that are not."""
        if self._db.dialect == "postgresql":  # SQLite has one writer at a time: ids commit in order
            now = self._clock.monotonic()
            for missing in range(max(self._after + 1, number - _MOST_MISSING), number):
                self._missing[missing] = now
        self._after = number
