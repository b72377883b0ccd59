"""Compares a large database with the index in a process of its own, which no login and no event waits for.

The process reads both and tells what has to change; it is this one, the index's only writer, that writes.
`python -m radius.index.apart` is the process: what it has to do comes on its standard input, what it finds
goes to its standard output. It holds no rules of comparing: those are `compare`'s.
"""

import asyncio
import contextlib
import gc
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import lmdb
import msgspec
import uvloop

from controller.core.db import Database, is_away, reason_of
from controller.core.errors import UnavailableError
from radius.index.compare import Compared, Write, compare
from radius.index.environment import explain_failure, mark_damaged, open_reader
from radius.index.keys import Keys
from radius.index.writer import Change, Written
from radius.parent import die_with_parent

_PAGE: Final = 10_000
_LENGTH: Final = 4
_FRAME: Final = 50_000
"""Changes told at a time."""


class Job(msgspec.Struct, frozen=True):
    """What to do.

    Attributes:
        url: of the database.
        path: the directory of the index.
        secret: of its keys.
        now: Unix seconds; what was over by then is left out.
        nice: how far everything else goes first, 0 to 19.
        parent: id of the process that asks.
    """

    url: str
    path: str
    secret: bytes
    now: float
    nice: int
    parent: int


class Found(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Some changes."""

    changes: list[Change]


class Done(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """All was told; so many entries are in the database."""

    rows: int


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """It cannot be compared now."""

    message: str
    hint: str


_decode: Final = msgspec.msgpack.Decoder(Found | Done | Failed).decode


async def compare_apart(job: Job, write: Write) -> Compared:
    """Have a process of its own compare; ends it when cancelled.

    Raises:
        UnavailableError: the database is away, or the index cannot be read.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for this one, which ends it
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - asked for
    try:
        process.stdin.write(msgspec.msgpack.encode(job))
        process.stdin.write_eof()
        written = removed = 0
        while True:
            try:
                size = int.from_bytes(await process.stdout.readexactly(_LENGTH), "big")
                message = _decode(await process.stdout.readexactly(size))
            except asyncio.IncompleteReadError as error:
                raise _died(await process.wait(), Path(job.path)) from error
            if isinstance(message, Failed):
                raise UnavailableError(message.message, hint=message.hint)
            if isinstance(message, Done):
                return Compared(message.rows, written, removed)
            made = await write(message.changes)
            written, removed = written + made.put, removed + made.removed
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _died(status: int, path: Path) -> UnavailableError:
    if status < 0:  # of a damaged file LMDB may take down the process that reads it
        mark_damaged(path)
    return UnavailableError(f"the comparison ended by itself, {status}", hint="its messages above say why")


async def _compare(job: Job) -> Done | Failed:
    path = Path(job.path)
    environment = open_reader(path)
    if environment is None:
        failure = explain_failure(lmdb.Error("it cannot be read"), path)
        return Failed(failure.message, failure.hint)
    db = Database(job.url)
    try:
        found = await compare(
            db, environment, Keys(job.secret), datetime.fromtimestamp(job.now, UTC), _tell, page=_PAGE
        )
    except UnavailableError as error:
        return Failed(error.message, error.hint)
    except Exception as error:
        if not is_away(error):
            raise
        return Failed(f"the database is away: {reason_of(error)}", "the comparison is made once it is back")
    finally:
        await db.close()
        environment.close()
    return Done(found.rows)


async def _tell(changes: list[Change]) -> Written:
    for start in range(0, len(changes), _FRAME):
        await asyncio.to_thread(_send, Found(changes[start : start + _FRAME]))
    return Written(0, 0)


def _send(message: Found | Done | Failed) -> None:
    data = msgspec.msgpack.encode(message)
    sys.stdout.buffer.write(len(data).to_bytes(_LENGTH, "big") + data)
    sys.stdout.buffer.flush()


def run() -> None:
    """Be the process."""
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    die_with_parent(job.parent)
    os.nice(job.nice)
    gc.disable()  # it makes no rings, and lives for minutes
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _send(runner.run(_compare(job)))


if __name__ == "__main__":
    run()
