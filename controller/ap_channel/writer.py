"""Stores the board in batches: two flushes a second, not one transaction per message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

from controller.ap_channel import repository
from controller.ap_channel.board import ApEventRow, Batch, Board
from controller.ap_channel.metrics import ChannelMetrics
from controller.core.db import Database
from controller.core.log import get_logger

LOG_REFUSED = "ap_channel.row_refused"

FLUSH_S = 0.5
"""Half a second: then 3,000 access points that all report every second have each report stored."""
_ROWS = 500
"""Keeps each turn of the event loop, and each lock on SQLite, at some ten milliseconds."""

_Row = TypeVar("_Row")
_Status: TypeAlias = Sequence[tuple[str, dict[str, Any]]]

_log = get_logger(__name__)


class StatusWriter:
    """Takes what the board gathered and stores it; a batch that fails goes back to the board."""

    def __init__(self, db: Database, board: Board, metrics: ChannelMetrics) -> None:
        self._db = db
        self._board = board
        self._metrics = metrics
        self._lost_reported = 0

    async def run(self) -> None:
        """Flush and rest for `FLUSH_S` until cancelled; flush once more then."""
        try:
            while True:
                await self.flush()
                await asyncio.sleep(FLUSH_S)
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Store everything gathered so far."""
        batch = self._board.take()
        status = list(batch.status.items())
        events = batch.events
        try:
            while status or events:
                await self._store(status[:_ROWS], events[:_ROWS])
                status, events = status[_ROWS:], events[_ROWS:]
        finally:
            if status or events:
                self._board.give_back(Batch(dict(status), events))
        lost = self._board.events_lost
        self._metrics.events_lost.inc(lost - self._lost_reported)
        self._lost_reported = lost

    async def _store(self, status: _Status, events: Sequence[ApEventRow]) -> None:
        """One transaction; when the database refuses a row, find that row and drop it."""
        try:
            with self._metrics.flush_seconds.time():
                async with self._db.transaction() as tx:
                    written = await repository.save_status(tx, dict(status))
                    await repository.add_events(tx, events)
        except repository.RefusedError as error:
            if repository.is_away(error):
                raise
            if len(status) + len(events) == 1:
                self._metrics.rows_refused.inc()
                _log.warning(LOG_REFUSED, error=type(error.orig).__name__)
                return
            for part in _halves(status):
                await self._store(part, ())
            for share in _halves(events):
                await self._store((), share)
            return
        self._metrics.status_rows.inc(written)


def _halves(rows: Sequence[_Row]) -> list[Sequence[_Row]]:
    middle = len(rows) // 2
    return [part for part in (rows[:middle], rows[middle:]) if part]
