"""The applier: what the journals hold goes into the database, in bulk and exactly once.

A batch and the journals' positions behind it are one transaction, so whatever process dies when, a
record is applied once. If the database is away the journals wait. A record that cannot be applied is
found by halving its batch and set aside with the reason; the others go on. One applier works for all
workers of a data directory, in the parent process.
"""

import asyncio
import fcntl
import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database, Tx
from controller.core.errors import ConflictError
from controller.core.log import get_logger
from radius.accounting import Accountant, Received
from radius.journal import repository
from radius.journal.decisions import DecisionRecord, decode_decision_body
from radius.journal.format import Entry, Kind, parse_payload
from radius.journal.metrics import ApplierMetrics
from radius.journal.precedence import Standing, choose_wait
from radius.journal.repository import Aside
from radius.journal.segments import list_done, open_directory, remove_done, remove_drafts, sizes
from radius.journal.tail import Item, Tail
from radius.outcomes import Applied
from radius.protocol.attributes import AcctStatusType
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.packet import parse_packet
from radius.records import Record, Unusable, read_record
from radius.session_class import ClassCodec

LOG_SET_ASIDE = "radius.journal_set_aside"
LOG_MET_ANOTHER = "radius.journal_try_again"

_LOCK_NAME: Final = "applier.lock"
_TRIES: Final = 5
_TRY_AGAIN_S: Final = 0.05
_RESTS: Final = {"sqlite": 0.3, "postgresql": 0.03}
"""For which part of a batch's time others may write before the next: SQLite has one writer at a time, and
those who wait for it look only now and then."""
_LEAST_REST_S: Final = 0.002
_COLLECT_AFTER: Final = 200_000
"""Objects that a batch may make before garbage is looked for."""

_log = get_logger(__name__)

Heard = Callable[[Record, Applied], None]
"""Told of each Stop, and of each Interim-Update for a session that had ended (`Applied.still_online`)."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A record on its way: exactly one of `received`, `decision`, `aside` and `unusable` is there."""

    item: Item
    received: Received | None = None
    decision: tuple[datetime, DecisionRecord] | None = None
    aside: Aside | None = None
    unusable: Unusable | None = None


class Applier:
    """Applies journals until cancelled.

    Args:
        db: the database.
        directory: of the journals.
        accountant: applies accounting records.
        codec: reads Class.
        clock: gives the time.
        metrics: counts.
        heard: see `Heard`.
        batch_max: records of one transaction at most.
        wait_s: pause when there is nothing to apply.
        lag_max_s: how far applying may fall behind so that a burst is acknowledged sooner.
    """

    def __init__(
        self,
        db: Database,
        directory: Path,
        accountant: Accountant,
        codec: ClassCodec,
        clock: Clock,
        *,
        metrics: ApplierMetrics,
        heard: Heard,
        batch_max: int = 500,
        wait_s: float = 0.05,
        lag_max_s: float = 0.0,
    ) -> None:
        self._db = db
        self._directory = directory
        self._accountant = accountant
        self._codec = codec
        self._clock = clock
        self._metrics = metrics
        self._heard = heard
        self._batch_max = batch_max
        self._wait_s = wait_s
        self._lag_max_s = lag_max_s
        self._was_full = False
        self._pace = 0.0
        """Octets a second of the last batch that was full; smaller ones say little."""
        self._positions: dict[str, int] = {}
        self._oldest: float | None = None
        self._settled_at = time.time()
        metrics.watch_backlog(lambda: float(self.backlog_bytes), self.backlog_age_s)

    @property
    def backlog_bytes(self) -> int:
        """Octets in the journals that are not applied."""
        if not self._directory.is_dir():
            return 0
        positions = self._positions
        return sum(
            max(0, size - positions.get(segment, 0)) for segment, size in sizes(self._directory).items()
        )

    def backlog_age_s(self) -> float:
        """Return how long ago the oldest record came that is not applied; 0 if all are.

        If the database is away and none was read, it is how long ago all were applied.
        """
        if self._oldest is None and self.backlog_bytes == 0:
            return 0.0
        return max(0.0, time.time() - (self._settled_at if self._oldest is None else self._oldest))

    async def run(self) -> None:
        """Apply until cancelled; whoever calls holds `only_one`.

        Raises:
            Exception: the database is away, or refuses what has nothing to do with a record; to be
                run again.
        """
        open_directory(self._directory)
        rest = _RESTS[self._db.dialect]
        tail = Tail(self._directory)
        try:
            remove_drafts(self._directory)
            await self._forget(list_done(self._directory))
            while True:
                began, backlog = time.monotonic(), self.backlog_bytes
                octets = await self.step(tail)
                took_s = time.monotonic() - began
                await asyncio.sleep(max(_LEAST_REST_S, took_s * rest) if octets else self._wait_s)
                if self._was_full:
                    self._pace = octets / took_s
                if self._pace:
                    await self._give_way(backlog - octets, began)
        finally:
            tail.close()

    async def _give_way(self, backlog: int, since: float) -> None:
        """Wait while a burst goes on: see `precedence`.

        Args:
            backlog: what there would be if nothing had come in since then.
            since: a moment of the monotonic clock.
        """
        while True:
            now, size = time.monotonic(), self.backlog_bytes
            standing = Standing((size - backlog) / (now - since), self._pace, self.backlog_age_s())
            wait_s = choose_wait(standing, self._lag_max_s)
            if not wait_s:
                return
            backlog, since = size, now
            await asyncio.sleep(wait_s)

    async def step(self, tail: Tail) -> int:
        """Apply a batch and take out what is done; return its octets, 0 if there was nothing to apply."""
        names = tail.find_new()
        if names:
            async with self._db.reading() as tx:
                known = await repository.find_positions(tx, names)
            for name in names:
                self._positions[name] = known.get(name, 0)
                tail.open(name, self._positions[name])
        items = tail.read(self._batch_max)
        self._was_full = len(items) == self._batch_max
        if items:
            self._oldest = items[0].received_at / 1e6
            with _collecting_later():
                await self._apply([self._read(item) for item in items], tail)
            self._oldest = tail.oldest
        if self._oldest is None:
            self._settled_at = time.time()
        ended = tail.take_ended()
        for one in ended:
            tail.retire(one)
            if one.how != "whole":
                self._metrics.count_torn(one.how)
        await self._forget([one.segment for one in ended])
        return sum(len(item.payload) for item in items)

    def _read(self, item: Item) -> _Work:
        at = datetime.fromtimestamp(item.received_at / 1e6, UTC)
        try:
            entry = parse_payload(item.payload)
        except ValueError as error:
            return _Work(item, aside=Aside(at, "unknown", "", "", str(error), item.payload))
        try:
            if entry.kind is Kind.DECISION:
                return _Work(item, decision=(at, decode_decision_body(entry.body)))
            record = read_record(_as_request(entry), self._codec)
        except Exception as error:  # noqa: BLE001 - whatever it is, the record must not stop the others
            return _Work(item, aside=_aside(at, entry, error))
        if isinstance(record, Unusable):
            return _Work(item, unusable=record)
        return _Work(item, received=Received(record, at))

    async def _apply(self, works: Sequence[_Work], tail: Tail) -> None:
        try:
            applied = await self._commit_patiently(works)
        except Exception as error:
            if not repository.is_records_fault(error):
                raise
            if len(works) > 1:
                middle = len(works) // 2
                await self._apply(works[:middle], tail)
                await self._apply(works[middle:], tail)
                return
            entry = parse_payload(works[0].item.payload)
            at = datetime.fromtimestamp(entry.received_at, UTC)
            works = [_Work(works[0].item, aside=_aside(at, entry, error))]
            applied = await self._commit_patiently(works)
        tail.advance(self._take_over(works))
        self._tell(works, applied)

    async def _commit_patiently(self, works: Sequence[_Work]) -> list[Applied]:
        for tries in range(1, _TRIES + 1):
            try:
                return await self._commit(works)
            except Exception as error:
                if not repository.met_another(error) or tries == _TRIES:
                    raise
                _log.warning(LOG_MET_ANOTHER, records=len(works), tries=tries)
                await asyncio.sleep(_TRY_AGAIN_S * tries)
        raise AssertionError

    async def _commit(self, works: Sequence[_Work]) -> list[Applied]:
        positions = _positions(works)
        async with self._db.transaction() as tx:
            await self._check_positions(tx, positions)
            received = [work.received for work in works if work.received is not None]
            applied = await self._accountant.apply(tx, received) if received else []
            await repository.add_decisions(tx, [work.decision for work in works if work.decision is not None])
            await repository.set_aside(tx, [work.aside for work in works if work.aside is not None])
            await repository.save_positions(tx, positions, self._clock.now())
        return applied

    async def _check_positions(self, tx: Tx, positions: dict[str, int]) -> None:
        known = await repository.find_positions(tx, positions)
        for segment in positions:
            if known.get(segment, 0) != self._positions[segment]:
                raise ConflictError(
                    "another process applies these journals",
                    hint="run one `kolco serve radius` a data directory",
                )

    def _take_over(self, works: Sequence[_Work]) -> dict[str, int]:
        positions = _positions(works)
        self._positions |= positions
        return positions

    def _tell(self, works: Sequence[_Work], applied: Sequence[Applied]) -> None:
        metrics = self._metrics
        metrics.observe_batch(len(works))
        outcomes = iter(applied)
        for work in works:
            if work.received is not None:
                record, outcome = work.received.record, next(outcomes)
                metrics.count_accounting(_KINDS[record.kind], outcome.outcome.value)
                if outcome.still_online or record.kind is AcctStatusType.STOP:
                    self._heard(record, outcome)
            elif work.unusable is not None:
                metrics.count_accounting("unusable", work.unusable.value)
            elif work.aside is not None:
                metrics.count_set_aside(work.aside.kind)
                _log.error(
                    LOG_SET_ASIDE, kind=work.aside.kind, nas=work.aside.nas_id, reason=work.aside.reason
                )
            else:
                metrics.count_decisions(1)

    async def _forget(self, segments: Sequence[str]) -> None:
        """Delete segments that are done: first their positions, for the file says that it is done."""
        if not segments:
            return
        async with self._db.transaction() as tx:
            await repository.forget_positions(tx, segments)
        for segment in segments:
            self._positions.pop(segment, None)
            remove_done(self._directory, segment)


_KINDS: Final = {kind: kind.name.lower().replace("_", "-") for kind in AcctStatusType}
_NO_CLIENT: Final = b""


def _positions(works: Sequence[_Work]) -> dict[str, int]:
    return {work.item.segment: work.item.end for work in works}


def _as_request(entry: Entry) -> RequestReceived:
    client = Client(entry.nas_id, ())
    return RequestReceived(parse_packet(entry.body), client, (entry.address, 0), _NO_CLIENT, 0.0)


def _aside(at: datetime, entry: Entry, error: BaseException) -> Aside:
    reason = f"{type(error).__name__} {getattr(getattr(error, 'orig', None), 'sqlstate', '') or ''}".strip()
    return Aside(at, entry.kind.name.lower(), entry.nas_id, entry.address, reason[:120], entry.body)


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Keep every other process from applying the journals of a directory; one that dies lets go of them.

    Raises:
        ConflictError: another process applies them.
    """
    open_directory(directory)
    descriptor = os.open(directory / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                "another `kolco serve radius` runs on this data directory",
                hint="end it first, or give this one another KOLCO_DATA_DIR",
            ) from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Have garbage looked for less often meanwhile: a batch makes thousands of objects and no rings."""
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
