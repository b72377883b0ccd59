"""Stores the board in batches: two flushes a second, not one transaction per message."""

from __future__ import annotations

import asyncio
import time

from controller.ap_channel import repository
from controller.ap_channel.board import Batch, Board
from controller.ap_channel.metrics import ChannelMetrics
from controller.core.db import Database

FLUSH_S = 0.5
"""Half a second: then 3,000 access points that all report every second have each report stored."""
_ROWS_PER_TRANSACTION = 500
"""Keeps each turn of the event loop, and each lock on SQLite, at some ten milliseconds."""


class StatusWriter:
    """Takes what the board gathered and stores it; a batch that fails goes back to the board."""

    def __init__(self, db: Database, board: Board, metrics: ChannelMetrics) -> None:
        self._db = db
        self._board = board
        self._metrics = metrics
        self._lost_reported = 0

    async def run(self) -> None:
        """Flush every `FLUSH_S` until cancelled, and once more then."""
        try:
            while True:
                started = time.monotonic()
                await self.flush()
                await asyncio.sleep(max(0.05, FLUSH_S - (time.monotonic() - started)))
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Store everything gathered so far."""
        batch = self._board.take()
        serials = list(batch.status)
        events = batch.events
        while serials or events:
            chunk = {serial: batch.status[serial] for serial in serials[:_ROWS_PER_TRANSACTION]}
            happened = events[:_ROWS_PER_TRANSACTION]
            try:
                with self._metrics.flush_seconds.time():
                    async with self._db.transaction() as tx:
                        written = await repository.save_status(tx, chunk)
                        await repository.add_events(tx, happened)
            except BaseException:
                rest = Batch({serial: batch.status[serial] for serial in serials}, events)
                self._board.give_back(rest)
                raise
            self._metrics.status_rows.inc(written)
            serials = serials[_ROWS_PER_TRANSACTION:]
            events = events[_ROWS_PER_TRANSACTION:]
        lost = self._board.events_lost
        self._metrics.events_lost.inc(lost - self._lost_reported)
        self._lost_reported = lost
