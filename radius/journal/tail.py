"""The journals' reader: what all writers have written, merged by the time it was received.

A merge keeps each segment's own order, so any beginning of what is read is a beginning of every
segment: it can be applied, and its positions stored, whatever becomes of the rest. Reads only; what
is applied is told by `advance`.
"""

import heapq
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Final

from controller.core.log import get_logger
from radius.journal.format import HEADER_LENGTH, read_header, read_received_at, scan
from radius.journal.segments import DAMAGED, DONE, is_being_written, list_segments, mark_done, path_of

LOG_DAMAGED = "radius.journal_damaged"
LOG_TORN = "radius.journal_torn"

_READ_BYTES: Final = 1 << 20
_MOST_OPEN: Final = 64
"""Segments read at a time; those of writers long gone wait their turn."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A record that was read.

    Attributes:
        segment: the ULID of its segment.
        end: offset after it.
        received_at: microseconds of Unix time.
        payload: see `format.parse_payload`.
    """

    segment: str
    end: int
    received_at: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """A segment that is read to its end; nothing will be added to it.

    Attributes:
        segment: its ULID.
        how: `whole`, `torn` (a record at its end was not written to the end) or `damaged`.
    """

    segment: str
    how: str


@dataclass(slots=True)
class _Open:
    segment: str
    descriptor: int
    read: int
    """Offset up to which records were handed out or wait in `pending`."""
    applied: int
    pending: deque[Item] = field(default_factory=deque)
    size: int = 0
    damaged: bool = False
    headless: bool = False


class Tail:
    """Reads the segments of a directory.

    Args:
        directory: of the journals.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, _Open] = {}
        self._queued_bytes = 0

    def close(self) -> None:
        """Close every file."""
        for one in self._open.values():
            os.close(one.descriptor)
        self._open.clear()

    def find_new(self) -> list[str]:
        """Return segments that are not open yet, as many as may be opened; `open` them."""
        names = [name for name in list_segments(self._directory) if name not in self._open]
        room = max(0, _MOST_OPEN - len(self._open))
        sizes = [path_of(self._directory, name).stat().st_size for name in names[room:]]
        self._queued_bytes = sum(sizes)
        return names[:room]

    def open(self, segment: str, position: int) -> None:
        """Begin to read a segment behind what is applied; `position` 0: nothing is."""
        descriptor = os.open(path_of(self._directory, segment), os.O_RDONLY | os.O_CLOEXEC)
        whole = read_header(os.pread(descriptor, HEADER_LENGTH, 0)) is not None
        start = max(position, HEADER_LENGTH)
        self._open[segment] = _Open(segment, descriptor, start, start, headless=not whole)

    def read(self, most: int) -> list[Item]:
        """Return up to `most` records in the order they were received; they are not read again."""
        for one in self._open.values():
            if len(one.pending) < most:
                self._fill(one, most)
        taken = []
        for item in heapq.merge(
            *(_drain(one.pending) for one in self._open.values()), key=attrgetter("received_at")
        ):
            taken.append(item)
            if len(taken) == most:
                break
        for item in taken:
            self._open[item.segment].pending.popleft()
        return taken

    def advance(self, positions: Mapping[str, int]) -> None:
        """Take note of what is applied, by segment."""
        for segment, position in positions.items():
            if (one := self._open.get(segment)) is not None:
                one.applied = position

    def take_ended(self) -> list[Ended]:
        """Return segments whose records are all applied and whose writer is gone; they are closed."""
        ended = []
        for one in list(self._open.values()):
            if one.pending or one.applied != one.read or is_being_written(one.descriptor):
                continue
            self._fill(one, 1)  # what came before the writer let go
            if one.pending:
                continue
            ended.append(self._end(one))
        return ended

    def retire(self, ended: Ended) -> None:
        """Take a segment out for good; a damaged one is kept for an engineer."""
        mark_done(self._directory, ended.segment, suffix=DAMAGED if ended.how == "damaged" else DONE)

    @property
    def backlog_bytes(self) -> int:
        """Octets that are written but not applied."""
        return self._queued_bytes + sum(max(0, one.size - one.applied) for one in self._open.values())

    @property
    def oldest(self) -> float | None:
        """When the oldest record was received that was read but not handed out; Unix seconds."""
        return min(
            (one.pending[0].received_at / 1e6 for one in self._open.values() if one.pending), default=None
        )

    def _fill(self, one: _Open, most: int) -> None:
        one.size = os.fstat(one.descriptor).st_size
        while not one.headless and len(one.pending) < most and one.read < one.size:
            data = os.pread(one.descriptor, _READ_BYTES, one.read)
            found = scan(data, 0, at=one.read, most=most - len(one.pending))
            one.damaged = found.damaged
            if not found.payloads:
                break
            one.pending.extend(
                Item(one.segment, end, read_received_at(payload), payload) for end, payload in found.payloads
            )
            one.read = found.end

    def _end(self, one: _Open) -> Ended:
        rest = one.size - one.read
        how = "whole"
        if rest > 0:
            # A crash leaves a part of a record, or zeros; anything else is the disk's fault.
            damaged = one.damaged or one.headless
            how = "damaged" if damaged else "torn"
            log = _log.error if damaged else _log.warning
            log(LOG_DAMAGED if damaged else LOG_TORN, segment=one.segment, octets=rest)
        os.close(self._open.pop(one.segment).descriptor)
        return Ended(one.segment, how)


def _drain(pending: deque[Item]) -> Iterator[Item]:
    yield from tuple(pending)
