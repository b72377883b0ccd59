"""Keeps the account index in step with the database; runs in one process of RADIUS.

Each change is heard of by an event and read from the database. What may have been missed is caught up
from the outbox, or else found by a comparison with all of the database, which is made at the start and
now and then besides. A beat written into the outbox and heard again tells up to when nothing is missing.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from controller.core import outbox
from controller.core.bus import Bus
from controller.core.clock import Clock
from controller.core.db import Database, is_away, reason_of
from controller.core.errors import UnavailableError
from controller.core.ids import new_id
from controller.core.log import get_logger
from radius.index.apart import Job, compare_apart
from radius.index.changes import EVENTS, Changed, read_changes, read_missed, read_settled
from radius.index.compare import Compared, compare
from radius.index.entries import REFUSE, Settled
from radius.index.environment import Environment, is_marked_damaged
from radius.index.events import IndexBeat
from radius.index.keys import Keys
from radius.index.metrics import IndexMetrics
from radius.index.repository import has_more_devices
from radius.index.writer import Change, IndexWriter, Written

LOG_COMPARED: Final = "radius.index_compared"
LOG_BEHIND: Final = "radius.index_behind"
LOG_FAILED: Final = "radius.index_failed"
LOG_AWAY: Final = "radius.index_waits_for_database"

_MARGIN: Final = timedelta(minutes=2)
"""How far clocks may differ, and an event be under way."""
_FRESH_S: Final = 60.0
_TICK_S: Final = 1.0
_BEAT_S: Final = 5.0
_AGAIN_S: Final = 1.0
_SETTLED_S: Final = 60.0
APART: Final = 20_000
"""Devices, above which comparing them is the work of a process of its own."""
_NICE: Final = 10
"""Of that process while the index is complete; an index that is not makes logins wait for the database."""

_log = get_logger(__name__)

Result = TypeVar("Result")


class IndexKeeper:
    """See the module.

    Args:
        db: the database.
        bus: where events are heard.
        clock: gives the time.
        path: the directory of the index.
        keys: makes keys.
        metrics: counts.
        map_bytes: how large the index may become.
        compare_s: seconds between comparisons with all of the database.
        anew_s: seconds before an index that could not be written is made anew.
        opened: told the environment once it is open, and None before it is closed.
    """

    def __init__(  # noqa: PLR0917 - it joins that many parts
        self,
        db: Database,
        bus: Bus,
        clock: Clock,
        path: Path,
        keys: Keys,
        metrics: IndexMetrics,
        *,
        map_bytes: int,
        compare_s: float,
        anew_s: float = 30.0,
        opened: Callable[[Environment | None], None] = lambda _environment: None,
    ) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._keys = keys
        self._metrics = metrics
        self._compare_s = compare_s
        self._anew_s = anew_s
        self._opened = opened
        self._writer = IndexWriter(path, keys.check, map_bytes=map_bytes)
        self._thread = ThreadPoolExecutor(1, "radius-index")
        self._id = new_id()
        self._changed = Changed()
        self._taken = Changed()
        self._settled: Settled | None = None
        self._touched: set[tuple[bytes, bytes]] | None = None
        self._wake = asyncio.Event()
        self._compare_now = asyncio.Event()
        self._complete = asyncio.Event()
        self._changing, self._comparing = asyncio.Lock(), asyncio.Lock()
        self._started = self._behind = self._failed = False

    @property
    def age_s(self) -> float:
        """Seconds since the index was last known to hold every change; 0 if it was never complete."""
        synced_at = self._writer.state.synced_at
        return max(0.0, self._now_s() - synced_at) if synced_at else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the index answers without the database."""
        return self._writer.state.misses

    async def open(self) -> None:
        """Open the index and begin to hear of changes; they are written once `follow` runs.

        An index that cannot be written is told of and tried again later: RADIUS asks the database then.
        """
        self._metrics.watch(
            age=lambda: self.age_s,
            complete=lambda: float(self.is_complete),
            waiting=lambda: len(self._changed) + len(self._taken),
            count=self._writer.count,
        )
        for kind in EVENTS:
            self._bus.subscribe(kind, self._hear)
        self._bus.subscribe(IndexBeat, self._hear_beat)
        self._bus.on_gap(self._reconcile)
        with contextlib.suppress(UnavailableError):
            await self._do(self._writer.open)
        self._opened(self._writer.environment)

    async def start(self, *, wait_s: float) -> None:
        """Bring in what changed while RADIUS was down, waiting `wait_s` for it at most.

        `follow`, `compare_again` and `watch` must run.
        """
        self._compare_now.set()
        with contextlib.suppress(TimeoutError, UnavailableError):
            async with asyncio.timeout(wait_s):
                await self._reconcile()
                if not self.is_complete and not self._behind:
                    await self._complete.wait()

    async def close(self) -> None:
        """Close the index, all of it on the disk."""
        self._opened(None)
        with contextlib.suppress(UnavailableError):
            await self._do(self._writer.close)
        self._thread.shutdown()

    # --- what runs until cancelled ---------------------------------------------------------------

    async def follow(self) -> None:
        """Write what changes, all that changed meanwhile at a time."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, Changed()
            self._taken = changed
            try:
                await self._write(changed)
            except Exception as error:  # noqa: BLE001 - raised unless it will pass
                changed.merge(self._changed)
                self._changed = changed
                self._wake.set()
                await self._bear(error)
            finally:
                self._taken = Changed()

    async def compare_again(self) -> None:
        """Compare with all of the database when asked to, and now and then."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._compare_s):
                    await self._compare_now.wait()
            self._compare_now.clear()
            try:
                await self._compare()
            except Exception as error:  # noqa: BLE001 - raised unless it will pass
                self._compare_now.set()
                await self._bear(error)

    async def watch(self) -> None:
        """Write beats, catch up when the database is back, and make an index anew that was lost."""
        next_beat = next_settled = 0.0
        while True:
            await asyncio.sleep(_TICK_S)
            if self._failed or is_marked_damaged(self._writer.path):
                await self._make_anew()
            now = self._clock.monotonic()
            if now >= next_settled:
                next_settled = now + _SETTLED_S
                self._changed.settled = True
                self._wake.set()
            if now >= next_beat:
                next_beat = now + _BEAT_S
                await self._beat()

    # --- events ----------------------------------------------------------------------------------

    async def _hear(self, event: object) -> None:
        self._changed.note(event)
        self._wake.set()

    async def _hear_beat(self, beat: IndexBeat) -> None:
        if beat.keeper == self._id:
            self._changed.beat = beat.at
            self._wake.set()

    async def _beat(self) -> None:
        """Write a beat; while the database is away there is none, and the index ages."""
        try:
            if self._behind:
                await self._reconcile()
            async with self._db.transaction() as tx:
                await outbox.add(tx, IndexBeat(self._id, self._now_s()))
        except Exception as error:
            if not is_away(error) and not isinstance(error, UnavailableError):
                raise
            self._behind = True

    async def _write(self, changed: Changed) -> None:
        """Read what changed and write it; an index that is not there will be compared with everything."""
        async with self._changing:
            if self._writer.environment is None:
                return
            changes = await read_changes(self._db, changed, self._keys)
            settled = await read_settled(self._db) if changed.settled else None
            if settled == self._settled:
                settled = None
            if self._touched is not None:
                self._touched.update((table, key) for table, key, _ in changes)
            state: dict[str, Any] = {"synced_at": changed.beat} if changed.beat and not self._behind else {}
            if changes or settled is not None or state:
                await self._do(partial(self._writer.apply, changes, settled=settled, **state))
            if settled is not None and _refusing(settled) != _refusing(self._settled):
                self._compare_now.set()  # of whose devices count is kept
            self._settled = settled or self._settled
        self._metrics.count_changes("event", len(changes))

    # --- what was missed -------------------------------------------------------------------------

    async def _reconcile(self) -> None:
        """Bring in what may have changed unheard: from the outbox if it reaches back so far."""
        state = self._writer.state
        if not state.completed_at:
            self._compare_now.set()
            return
        since = datetime.fromtimestamp(state.synced_at, UTC) - _MARGIN
        changed = None
        try:
            if self._clock.now() - since < outbox.KEPT - _MARGIN:
                changed = await read_missed(self._db, since)
            else:
                await read_settled(self._db)  # tells whether the database is there
            if changed is not None:
                await self._write(changed)
        except Exception as error:
            if not is_away(error):
                raise
            await self._trust(reason_of(error))
            return
        self._behind, self._started = False, True
        if changed is None:
            _log.warning(LOG_BEHIND, age_s=round(self.age_s))
            self._complete.clear()
            self._compare_now.set()
        await self._do(partial(self._writer.apply, (), hits=changed is not None, misses=changed is not None))

    async def _trust(self, reason: str) -> None:
        """The database is away: what stands there was right when it was last seen, so go by it.

        What does not stand there may have come since, unless that is a moment ago.
        """
        _log.warning(LOG_AWAY, reason=reason, age_s=round(self.age_s))
        misses = self._writer.state.misses and (self._started or self.age_s < _FRESH_S)
        self._behind = self._started = True
        await self._do(partial(self._writer.apply, (), hits=True, misses=misses))

    async def _compare(self) -> None:
        async with self._comparing:
            environment = self._writer.environment
            if environment is None:
                return
            now, started = self._clock.now(), self._clock.monotonic()
            self._touched = set()
            try:
                await self._write(Changed(settled=True))
                found = await self._look(environment, now, self._touched)
                synced_at = max(self._writer.state.synced_at, now.timestamp())
                state: dict[str, Any] = {
                    "hits": True,
                    "misses": True,
                    "completed_at": self._now_s(),
                    "synced_at": synced_at,
                }
                await self._do(partial(self._writer.apply, (), **state))
                await self._do(self._writer.forget_readers)
            finally:
                self._touched = None
            self._behind = False
            self._complete.set()
        seconds = self._clock.monotonic() - started
        self._metrics.observe_compare(seconds)
        self._metrics.count_changes("comparison", found.written + found.removed)
        _log.info(
            LOG_COMPARED,
            entries=found.rows,
            written=found.written,
            removed=found.removed,
            seconds=round(seconds, 1),
        )

    async def _look(
        self, environment: Environment, now: datetime, touched: set[tuple[bytes, bytes]]
    ) -> Compared:
        """Compare here if that is soon done, or else in a process of its own."""

        async def write(changes: list[Change]) -> Written:
            return await self._do(partial(self._writer.apply, changes, but=touched))

        async with self._db.reading() as tx:
            many = await has_more_devices(tx, APART)
        if not many:
            return await compare(self._db, environment, self._keys, now, write)
        nice = _NICE if self.is_complete else 0
        path = str(environment.path)
        job = Job(self._db.url, path, self._keys.secret, now.timestamp(), nice, os.getpid())
        return await compare_apart(job, write)

    # --- when it cannot be written ---------------------------------------------------------------

    async def _make_anew(self) -> None:
        """Take the index out of the way; readers ask the database until another is complete."""
        async with self._comparing, self._changing:
            damaged = is_marked_damaged(self._writer.path)
            self._opened(None)
            self._metrics.count_failure()
            await self._do(partial(self._writer.discard, damaged=damaged))
            self._complete.clear()
            self._settled = None
            if not damaged:
                await asyncio.sleep(self._anew_s)
            self._failed = False
            with contextlib.suppress(UnavailableError):
                await self._do(self._writer.open)
            self._opened(self._writer.environment)
        self._compare_now.set()

    async def _bear(self, error: Exception) -> None:
        """Wait if the database is away or the index cannot be written; raise anything else."""
        if not is_away(error) and not isinstance(error, UnavailableError):
            raise error
        await asyncio.sleep(_AGAIN_S)

    async def _do(self, work: Callable[[], Result]) -> Result:
        """Have the writer's thread do something."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except UnavailableError as error:
            if not self._failed:
                _log.error(LOG_FAILED, error=error.message, hint=error.hint)
            self._failed = True
            raise

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _refusing(settled: Settled | None) -> set[str]:
    """Return the plans that refuse a device too many."""
    return {plan.id for plan in settled.plans if plan.when_full == REFUSE} if settled is not None else set()
