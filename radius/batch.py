"""Group commit: records that come in together are stored in one transaction, then each is acknowledged.

`submit` returns only after the commit. If a transaction fails, its records are tried one by one, so a
bad one does not take the others along; what fails even so is raised to its submitter, who does not
acknowledge, and the NAS sends it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from controller.core.db import Database, Tx
from controller.core.log import get_logger

LOG_SPLIT = "radius.batch_split"

Record = TypeVar("Record")
Outcome = TypeVar("Outcome")

_log = get_logger(__name__)


@dataclass(slots=True)
class _Waiting(Generic[Record, Outcome]):
    record: Record
    stored: asyncio.Future[Outcome]


class Batch(Generic[Record, Outcome]):
    """Stores records in groups.

    Args:
        db: the database.
        apply: stores one record in a transaction and says what became of it.
        max_records: most records of one transaction.
        wait_s: how long the first record of a group waits for others.
        committed: told the size of each group after its commit.
    """

    def __init__(
        self,
        db: Database,
        apply: Callable[[Tx, Record], Awaitable[Outcome]],
        *,
        max_records: int,
        wait_s: float,
        committed: Callable[[int], None],
    ) -> None:
        self._db = db
        self._apply = apply
        self._max_records = max_records
        self._wait_s = wait_s
        self._committed = committed
        self._queue: asyncio.Queue[_Waiting[Record, Outcome]] = asyncio.Queue()

    async def submit(self, record: Record) -> Outcome:
        """Store a record; returns once it is committed.

        Raises:
            Exception: whatever storing it raised; it is not stored.
        """
        waiting: _Waiting[Record, Outcome] = _Waiting(record, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.stored

    async def run(self) -> None:
        """Store what is submitted until cancelled; what is then under way is not acknowledged."""
        while True:
            group = [await self._queue.get()]
            if self._wait_s and self._queue.qsize() + 1 < self._max_records:
                await asyncio.sleep(self._wait_s)
            while len(group) < self._max_records and not self._queue.empty():
                group.append(self._queue.get_nowait())
            await self._store(group)

    async def _store(self, group: Sequence[_Waiting[Record, Outcome]]) -> None:
        try:
            async with self._db.transaction() as tx:
                outcomes = [await self._apply(tx, waiting.record) for waiting in group]
        except Exception as error:  # noqa: BLE001 - whatever it is goes to the record's submitter
            if len(group) == 1:
                _settle(group[0].stored, error)
                return
            _log.error(LOG_SPLIT, records=len(group), error=type(error).__name__)
            for waiting in group:
                await self._store([waiting])
            return
        self._committed(len(group))
        for waiting, outcome in zip(group, outcomes, strict=True):
            if not waiting.stored.done():
                waiting.stored.set_result(outcome)


def _settle(stored: "asyncio.Future[Outcome]", error: Exception) -> None:
    if not stored.done():
        stored.set_exception(error)
