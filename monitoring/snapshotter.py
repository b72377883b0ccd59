"""Makes the fleet page every few seconds and keeps the last good one while the database is away.

The work of a scrape is joining this page and the live numbers of the process: reading and
rendering happen here, on a clock of their own, the rendering in a thread.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import UnavailableError
from controller.core.log import get_logger
from monitoring import metrics as m
from monitoring.collectors.fleet import collect_fleet
from monitoring.collectors.sessions import SessionCounters
from monitoring.exposition import Page, render_families
from monitoring.metrics import Family, Metric
from monitoring.repository import take
from monitoring.snapshot import FleetSnapshot, SessionsSnapshot

__all__ = ["MonitorMetrics", "Snapshotter"]

LOG_FAILED = "snapshot.failed"
LOG_RECOVERED = "snapshot.recovered"
READ_TIMEOUT_S = 30.0
EMPTY = Page.pack(b"", samples=0)

log = get_logger(__name__)


class MonitorMetrics:
    """What the monitor says about itself, in the daemon's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register every `kolco_monitor_*` metric of the catalogue."""

        def gauge(metric: Metric) -> Gauge:
            return Gauge(metric.name, metric.help, metric.labels, registry=registry)

        self.age = gauge(m.SNAPSHOT_AGE)
        self.timestamp = gauge(m.SNAPSHOT_TIMESTAMP)
        self.duration = gauge(m.SNAPSHOT_DURATION)
        self.samples = gauge(m.SNAPSHOT_SAMPLES)
        self.page_bytes = gauge(m.SNAPSHOT_BYTES)
        self.failures = Counter(m.SNAPSHOT_FAILURES.name, m.SNAPSHOT_FAILURES.help, registry=registry)


class Snapshotter:
    """Owns the page; `run` renews it until cancelled."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        own: MonitorMetrics,
        *,
        interval_s: float,
        silent_after_s: float,
    ) -> None:
        """Nothing is read yet: `page` is empty until the first `refresh`."""
        self._db = db
        self._clock = clock
        self._own = own
        self._interval_s = interval_s
        self._silent_after_s = silent_after_s
        self._counters = SessionCounters()
        self._sessions_since: datetime | None = None
        self._failing = False
        self._made_at: float | None = None
        self._started_at = clock.monotonic()
        self.page = EMPTY
        own.age.set_function(self.age_s)

    @property
    def has_page(self) -> bool:
        """Whether one snapshot has succeeded."""
        return self._made_at is not None

    def age_s(self) -> float:
        """Seconds since the page was read; since the start of the process while there is none."""
        return self._clock.monotonic() - (self._started_at if self._made_at is None else self._made_at)

    async def run(self) -> None:
        """Renew the page every interval until cancelled; the first time after one interval."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.refresh()

    async def refresh(self) -> bool:
        """Make one page; on failure count it, log the first of a row, and keep the old page."""
        now, read_at = self._clock.now(), self._clock.monotonic()
        try:
            with self._timed("read"):
                async with asyncio.timeout(READ_TIMEOUT_S):
                    fleet, sessions = await take(self._db, now=now, sessions_since=self._sessions_since)
        except (UnavailableError, TimeoutError) as error:
            self._own.failures.inc()
            if not self._failing:
                log.warning(LOG_FAILED, reason=str(error) or f"no answer within {READ_TIMEOUT_S:g} s")
            self._failing = True
            return False
        with self._timed("render"):
            page = await asyncio.to_thread(self._render, fleet, sessions)
        self.page, self._made_at, self._sessions_since = page, read_at, now
        self._own.timestamp.set(fleet.taken_at)
        self._own.samples.set(page.samples)
        self._own.page_bytes.labels("plain").set(len(page.plain))
        self._own.page_bytes.labels("gzip").set(len(page.deflated))
        if self._failing:
            log.info(LOG_RECOVERED)
        self._failing = False
        return True

    def _render(self, fleet: FleetSnapshot, sessions: SessionsSnapshot) -> Page:
        self._counters.advance(sessions)
        families: list[Family] = [
            *collect_fleet(fleet, silent_after_s=self._silent_after_s),
            *self._counters.families(),
        ]
        return Page.pack(render_families(families), samples=sum(len(family.samples) for family in families))

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        begun = self._clock.monotonic()
        yield
        self._own.duration.labels(stage).set(self._clock.monotonic() - begun)
