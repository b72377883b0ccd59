"""The journal's writer: records in, each confirmed once it is synced to disk.

One write and one sync serve a group: what arrives while a group is being synced makes up the next, so
a busy server syncs no more often than an idle one. The sync runs in a thread; the interpreter goes on
meanwhile. After an error the segment is left as it is and another begun: what was not confirmed may
be in it or not, its NAS sends it again, and applying it twice counts nothing twice.
"""

import asyncio
import errno
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from controller.core.log import get_logger
from radius.journal.decisions import DecisionRecord, encode_decision_body
from radius.journal.errors import HINTS, NotStored, NotStoredError
from radius.journal.format import HEADER_LENGTH, encode_accounting, encode_decision, encode_names
from radius.journal.metrics import WriterMetrics
from radius.journal.segments import create_segment, open_directory, total_bytes, write_all

LOG_NOT_STORED = "radius.journal_not_stored"
LOG_STORED_AGAIN = "radius.journal_stored_again"

_LOOK_S = 0.5
_DECISIONS_WAIT_S = 0.5
_MOST_NAMES: Final = 65_536

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a journal holds.

    Attributes:
        max_bytes: of all journals of the data directory; beyond it nothing is taken.
        segment_bytes: size at which a segment is ended and another begun.
        decisions_per_s: decisions kept a second, in the long run; a burst may be ten times that.
    """

    max_bytes: int = 2 << 30
    segment_bytes: int = 16 << 20
    decisions_per_s: float = 200.0


class Journal:
    """One process's writer; an async context manager, to be made in a running event loop.

    Args:
        directory: of all journals; created if need be.
        limits: how much it holds.
        metrics: counts.
        confirmation: what a future gives when its record is safe.
    """

    def __init__(
        self, directory: Path, limits: Limits, metrics: WriterMetrics, *, confirmation: object = None
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="radius-journal")
        self._records: list[bytes] = []
        self._confirmation = confirmation
        self._names: dict[tuple[str, str], bytes] = {}
        self._group: asyncio.Future[Any] | None = None
        """Of those who wait for `records`."""
        self._waiting = 0
        self._busy = False
        self._closing = False
        self._soon: asyncio.TimerHandle | None = None
        self._decisions_left = self._decisions_burst = limits.decisions_per_s * 10
        self._decisions_at = time.monotonic()
        # Only the thread touches these.
        self._descriptor = -1
        self._size = 0
        self._looked_at = 0.0
        self._full = False
        self._trouble: NotStored | None = None

    async def __aenter__(self) -> Self:
        """Nothing is to be begun: the first segment is made with the first record."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Store what has come, then end the segment."""
        self._closing = True
        while self._busy or self._records:
            if not self._busy:
                self._begin()
            await asyncio.sleep(0.001)
        await self._loop.run_in_executor(self._executor, self._end_segment)
        self._executor.shutdown()

    def append_accounting(self, nas_id: str, address: str, packet: bytes) -> asyncio.Future[Any]:
        """Take an accounting packet; the future gives `confirmation` once it is safe.

        The future is that of all records of a group: whoever may give up waiting must not cancel it
        (`asyncio.shield`).

        Raises (from the future):
            NotStoredError: it is not safe, and must not be acknowledged.
        """
        group = self._group
        if group is None:
            group = self._loop.create_future()
            if self._closing:
                group.set_exception(NotStoredError(NotStored.CLOSED))
                return group
            self._group = group
        source = (nas_id, address)
        names = self._names.get(source)
        if names is None:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            names = self._names[source] = encode_names(nas_id, address)
        self._records.append(encode_accounting(time.time(), names, packet))
        self._waiting += 1
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._begin)
        return group

    def wants_decision(self, *, refused: bool) -> bool:
        """Tell whether a decision may be kept now; ask before making its record. Counts those left out.

        Refusals are asked about more often, so half of what may be kept is theirs alone.
        """
        now = time.monotonic()
        left = self._decisions_left + (now - self._decisions_at) * self._limits.decisions_per_s
        self._decisions_at = now
        self._decisions_left = left = min(left, self._decisions_burst)
        if left < 1 or (not refused and left < self._decisions_burst / 2):
            self._metrics.count_decision_left_out()
            return False
        self._decisions_left = left - 1
        return True

    def append_decision(self, decision: DecisionRecord) -> None:
        """Take a decision, which nobody waits for."""
        if self._closing:
            return
        self._records.append(encode_decision(time.time(), encode_decision_body(decision)))
        if not self._busy and self._soon is None:
            self._soon = self._loop.call_later(_DECISIONS_WAIT_S, self._begin_idle)

    def _begin_idle(self) -> None:
        self._soon = None
        if not self._busy and self._records:
            self._begin()

    def _begin(self) -> None:
        self._busy = True
        records, group, waiting = self._records, self._group, self._waiting
        self._records, self._group, self._waiting = [], None, 0
        stored = self._loop.run_in_executor(self._executor, self._store, records, group is not None)
        stored.add_done_callback(partial(self._stored, group, waiting))

    def _stored(self, group: asyncio.Future[Any] | None, waiting: int, stored: asyncio.Future[int]) -> None:
        self._busy = False
        error = stored.exception()
        if error is None:
            self._metrics.observe_group(stored.result())
            if group is not None and not group.done():
                group.set_result(self._confirmation)
        else:
            reason = error.reason if isinstance(error, NotStoredError) else NotStored.DISK_ERROR
            self._metrics.count_not_stored(reason.value, waiting)
            if group is not None and not group.done():
                group.set_exception(NotStoredError(reason))
        if self._group is not None or (self._closing and self._records):
            self._begin()
        elif self._records and self._soon is None:
            self._soon = self._loop.call_later(_DECISIONS_WAIT_S, self._begin_idle)

    # --- in the thread ---------------------------------------------------------------------------

    def _store(self, records: Sequence[bytes], synced: bool) -> int:
        data = b"".join(records)
        try:
            self._check_room()
            if self._descriptor < 0:
                open_directory(self._directory)
                self._descriptor = create_segment(self._directory).descriptor
                self._size = HEADER_LENGTH
            write_all(self._descriptor, data)
            if synced:  # decisions alone are worth no wait of the disk
                os.fdatasync(self._descriptor)
        except NotStoredError as error:
            self._note(error.reason)
            raise
        except OSError as error:
            self._end_segment()
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            reason = NotStored.DISK_FULL if full else NotStored.DISK_ERROR
            self._note(reason)
            raise NotStoredError(reason) from error
        self._size += len(data)
        if self._size >= self._limits.segment_bytes:
            self._end_segment()
        self._note(None)
        return len(records)

    def _check_room(self) -> None:
        now = time.monotonic()
        if now - self._looked_at > _LOOK_S:
            self._looked_at = now
            there = self._directory.is_dir()
            self._full = there and total_bytes(self._directory) >= self._limits.max_bytes
        if self._full:
            raise NotStoredError(NotStored.FULL)

    def _end_segment(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            # Gone even if closing it fails; what had to be safe was synced before.
            with suppress(OSError):
                os.close(descriptor)

    def _note(self, trouble: NotStored | None) -> None:
        """Log a change for the worse or the better once, not at every record."""
        if trouble is self._trouble:
            return
        self._trouble = trouble
        if trouble is None:
            _log.info(LOG_STORED_AGAIN)
        else:
            _log.error(LOG_NOT_STORED, reason=trouble.value, hint=HINTS[trouble])
