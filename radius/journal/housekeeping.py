"""What is done now and then beside applying: stale sessions end, old decisions go."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from radius.journal import repository
from radius.journal.metrics import ApplierMetrics
from radius.legs import stale
from radius.legs.stale import Stale

_EVERY_S: Final = 30.0
_BEHIND_S: Final = 30.0
"""With more than this still to be applied, silence in the database says nothing."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things are waited for or kept; zero: for ever.

    Attributes:
        ap_down: for an access point that is down.
        silent: for a leg that says nothing; three interim intervals at least.
        decisions: how long decisions are kept.
        asides: how long records set aside are kept.
    """

    ap_down: timedelta
    silent: timedelta
    decisions: timedelta
    asides: timedelta


class Housekeeping:
    """Keeps house until cancelled.

    Args:
        db: the database.
        clock: gives the time.
        patience: how long things are waited for.
        metrics: counts.
        backlog_age_s: tells how old the oldest record is that is not applied.
        every_s: pause between two looks.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        patience: Patience,
        *,
        metrics: ApplierMetrics,
        backlog_age_s: Callable[[], float],
        every_s: float = _EVERY_S,
    ) -> None:
        self._db = db
        self._clock = clock
        self._patience = patience
        self._metrics = metrics
        self._backlog_age_s = backlog_age_s
        self._every_s = every_s
        self._since = clock.now()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.look()

    async def look(self) -> None:
        """End what is stale, delete what is old."""
        if self._backlog_age_s() < _BEHIND_S:
            await self._end_stale()
        async with self._db.transaction() as tx:
            await repository.purge(
                tx,
                self._clock.now(),
                decisions_kept=self._patience.decisions,
                asides_kept=self._patience.asides,
            )

    async def _end_stale(self) -> None:
        now, patience = self._clock.now(), self._patience
        if patience.ap_down:
            async with self._db.transaction() as tx:
                ended = await stale.end_cut_off(tx, now=now, grace=patience.ap_down)
            self._metrics.count_stale(Stale.AP_DOWN, ended)
        if patience.silent:
            async with self._db.transaction() as tx:
                ended = await stale.end_silent(tx, now=now, since=self._since, least=patience.silent)
            self._metrics.count_stale(Stale.SILENT, ended)
