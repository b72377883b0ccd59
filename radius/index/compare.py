"""Compares all of the database with the index, and tells what has to be written to make them the same.

What is missing or different is written, what is not there any more is removed, and what is the same is
not touched. It takes pages of the database, so that no transaction is long, the next one while it works on
the last, and works in a few megabytes. What changes meanwhile is the matter of events: whoever writes leaves
their keys alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import lmdb

from controller.core.db import Database, Tx
from radius.index import repository
from radius.index.entries import ACCOUNTS, CREDENTIALS, DEVICES, SESSIONS, TABLES
from radius.index.environment import Environment, explain_failure
from radius.index.keys import Keys
from radius.index.rows import TO_ITEM, Item
from radius.index.spool import PARTS, Spool
from radius.index.writer import Change, Written

PAGE: Final = 2_000
"""Rows: what an event loop that has other work can bear at a time."""


class _Page(Protocol):
    def __call__(self, tx: Tx, *, after: str, limit: int, now: datetime) -> Awaitable[repository.Page]: ...


_PAGES: Final[Mapping[bytes, _Page]] = {
    CREDENTIALS: repository.page_credentials,
    DEVICES: repository.page_devices,
    SESSIONS: repository.page_sessions,
    ACCOUNTS: repository.page_online,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found: entries in the database, and those that were written or removed."""

    rows: int
    written: int
    removed: int


Write = Callable[[list[Change]], Awaitable[Written]]
"""Makes changes in the index but for those of keys that changed meanwhile; returns how many."""


async def compare(
    db: Database, environment: Environment, keys: Keys, now: datetime, write: Write, *, page: int = PAGE
) -> Compared:
    """Bring the index in step with the database.

    Args:
        db: the database.
        environment: the index, to be read.
        keys: makes keys.
        now: what was over by then is left out.
        write: takes the changes, in the order of their keys.
        page: rows that are read at a time.

    Raises:
        UnavailableError: the index cannot be read, or the disk is full; the hint says what to do.
    """
    rows = written = removed = 0
    for table in TABLES:
        spool = Spool(environment.path.parent)
        try:
            rows += await _fill(db, spool, table, keys, now, page)
            for part in range(PARTS):
                changes = await asyncio.to_thread(_difference, environment, table, part, spool)
                if changes:
                    made = await write(changes)
                    written, removed = written + made.put, removed + made.removed
        finally:
            spool.close()
    return Compared(rows, written, removed)


async def _fill(  # noqa: PLR0917 - internal
    db: Database, spool: Spool, table: bytes, keys: Keys, now: datetime, limit: int
) -> int:
    async def read(after: str) -> repository.Page:
        async with db.reading() as tx:
            return await _PAGES[table](tx, after=after, limit=limit, now=now)

    count = 0
    reading: asyncio.Task[repository.Page] | None = asyncio.create_task(read(""))
    try:
        while reading is not None:
            page = await reading
            reading = None if page.last is None else asyncio.create_task(read(page.last))
            await asyncio.to_thread(_spool, spool, table, page.rows, keys)
            count += len(page.rows)
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    return count


def _spool(spool: Spool, table: bytes, rows: repository.Rows, keys: Keys) -> None:
    to_item: Callable[..., Item] = TO_ITEM[table]
    try:
        spool.add([to_item(row, keys) for row in rows])
    except OSError as error:
        raise explain_failure(error, spool.directory) from error


def _difference(environment: Environment, table: bytes, part: int, spool: Spool) -> list[Change]:
    """Return what has to change in one part of a table, in the order of keys."""
    changes: list[Change] = []
    try:
        wanted = spool.take(part)
        with environment.read(table) as tx:
            cursor = tx.cursor()
            if cursor.set_range(bytes((part,))):
                for key, value in cursor.iternext():
                    if key[0] != part:
                        break
                    new = wanted.pop(key, None)
                    if new != value:
                        changes.append((table, key, new))
    except (lmdb.Error, OSError) as error:
        raise explain_failure(error, environment.path) from error
    changes += [(table, key, value) for key, value in wanted.items()]
    changes.sort()
    return changes
