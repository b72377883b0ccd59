"""The worker processes of RADIUS: kept running, told what happens, asked what they counted.

A worker that dies is started again, after a pause that grows if it dies again and again; so is one
that says nothing for long. The kernel gives its share of the datagrams to the others meanwhile. What
it had counted and reported stays counted. Workers die with this process.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from controller.core.errors import UnavailableError
from controller.core.log import get_logger
from controller.core.settings import CoreSettings
from radius.nas import Heard
from radius.settings import RadiusSettings
from radius.tally import Tally
from radius.workers.families import FamilySums
from radius.workers.handover import make_pair
from radius.workers.messages import Collect, Event, Missed, Report, Welcome
from radius.workers.metrics import PoolMetrics
from radius.workers.process import Plan, WorkerProcess, start_worker

LOG_DIED = "radius.worker_died"
LOG_SILENT = "radius.worker_silent"
LOG_NOT_STARTED = "radius.worker_not_started"

_FIRST_DELAY_S: Final = 0.2
_LONGEST_DELAY_S: Final = 15.0
_HEALTHY_AFTER_S: Final = 30.0
_SILENT_S: Final = 30.0
"""A worker reports each second, once it is ready."""
_START_S: Final = 120.0
_COLLECT_S: Final = 1.0
_MOST_UNREAD: Final = 16 * 1024 * 1024
"""Octets a worker has not read, above which it is taken for dead."""

_log = get_logger(__name__)


class _Worker:
    """One place of the pool, whichever process fills it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.number = plan.welcome.number
        self.process: WorkerProcess | None = None
        self.ready = asyncio.Event()
        self.reported = asyncio.Event()
        self.ticket = 0
        self.heard_at = 0.0


class WorkerPool:
    """An async context manager; leaving it ends every worker.

    Args:
        count: how many workers.
        core: the shared settings.
        settings: those of RADIUS.
        ports: the numbers of the ports they share, by kind.
        heard: given the NASes they heard.
        registry: the daemon's own metrics; the pool's are added.
        tally: gets what workers counted.
    """

    def __init__(
        self,
        count: int,
        core: CoreSettings,
        settings: RadiusSettings,
        ports: Mapping[str, int],
        *,
        heard: Callable[[Heard], None],
        registry: CollectorRegistry,
        tally: Tally,
    ) -> None:
        self._heard = heard
        self._registry = registry
        self._tally = tally
        self._sums = FamilySums()
        self._ticket = 0
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        pairs = [make_pair() for _ in range(count)]
        self._sockets = [sock for pair in pairs for sock in pair]
        core_json, settings_json = core.model_dump_json().encode(), settings.model_dump_json().encode()
        self._workers = [
            _Worker(
                Plan(
                    Welcome(number, core_json, settings_json, dict(ports)),
                    pairs[number][0],
                    [outbox for _, outbox in pairs],
                )
            )
            for number in range(count)
        ]
        self._metrics = PoolMetrics(registry)
        self._metrics.watch(count, lambda: sum(worker.ready.is_set() for worker in self._workers))

    async def __aenter__(self) -> Self:
        """Start the workers and wait until all of them answer.

        Raises:
            UnavailableError: one of them cannot start; what it says is in the log.
        """
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.stop)
            await self._start()
            undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that run."""
        return [worker.process.pid for worker in self._workers if worker.process is not None]

    def send(self, message: Event | Missed) -> None:
        """Tell every worker; one that does not read is killed, and reads everything at its new start."""
        for worker in self._workers:
            if worker.process is not None:
                worker.process.channel.send(message)
                if worker.process.channel.waiting > _MOST_UNREAD:
                    worker.process.kill()

    async def collect(self) -> None:
        """Get what every worker counted, from the late ones as of their last report."""
        self._ticket += 1
        waiting = [worker for worker in self._workers if worker.ready.is_set()]
        for worker in waiting:
            worker.reported.clear()
            if worker.process is not None:
                worker.process.channel.send(Collect(self._ticket))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_COLLECT_S):
                await asyncio.gather(*(worker.reported.wait() for worker in waiting))

    def families(self) -> Iterable[Metric]:
        """Return the metrics of the daemon and its workers in one, as last collected."""
        return self._sums.merge(self._registry.collect())

    async def stop(self) -> None:
        """End the workers; each answers what is under way first."""
        self._stopping.set()
        processes = [worker.process for worker in self._workers if worker.process is not None]
        for process in processes:
            process.stop()
        await asyncio.gather(*(process.ensure_ended() for process in processes))
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for sock in self._sockets:
            sock.close()

    async def _start(self) -> None:
        self._keepers = [
            asyncio.create_task(self._keep(worker), name=f"radius-worker-{worker.number}")
            for worker in self._workers
        ]
        ready = asyncio.gather(*(worker.ready.wait() for worker in self._workers))
        waiting: list[asyncio.Future[Any]] = [ready, *self._keepers]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for keeper in self._keepers:
                if keeper.done():
                    keeper.result()
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)

    async def _keep(self, worker: _Worker) -> None:
        delay, started_once = _FIRST_DELAY_S, False
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                worker.process = await start_worker(worker.plan)
            except OSError as error:  # no memory, descriptor or process is left: at a later moment, perhaps
                if not started_once:
                    raise
                _log.error(LOG_NOT_STARTED, worker=worker.number, reason=error.strerror)
                delay = min(delay * 2, _LONGEST_DELAY_S)
                await asyncio.sleep(delay)
                continue
            worker.heard_at = started
            status = await self._follow(worker, worker.process)
            started_once |= worker.ready.is_set()
            worker.process = None
            worker.ready.clear()
            worker.reported.set()
            self._sums.retire(worker.number)
            if self._stopping.is_set():
                return
            if not started_once:
                raise UnavailableError(
                    f"worker {worker.number} of RADIUS cannot start (exit status {status})",
                    hint="its messages above say why",
                )
            self._metrics.count_death(worker.number)
            lived_s = time.monotonic() - started
            _log.warning(LOG_DIED, worker=worker.number, status=status, lived_s=round(lived_s, 1))
            await asyncio.sleep(delay)
            delay = _FIRST_DELAY_S if lived_s > _HEALTHY_AFTER_S else min(delay * 2, _LONGEST_DELAY_S)

    async def _follow(self, worker: _Worker, process: WorkerProcess) -> int:
        """Take what a worker says until it ends; return its exit status."""
        watching = asyncio.create_task(self._watch(worker, process))
        try:
            while (message := await process.channel.receive()) is not None:
                worker.heard_at = time.monotonic()
                if isinstance(message, Report):
                    self._take(worker, message)
                else:
                    self._tally.define(message.definitions)
                    worker.ready.set()
        finally:
            watching.cancel()
            if not self._stopping.is_set():
                process.kill()  # what does not talk must not answer
        return await process.ended()

    def _take(self, worker: _Worker, report: Report) -> None:
        self._sums.take(worker.number, report.families)
        self._tally.add(report.tally)
        self._heard(Heard({*report.seen}, {*report.signed}, {*report.unsigned}))
        if report.ticket == self._ticket:
            worker.reported.set()

    async def _watch(self, worker: _Worker, process: WorkerProcess) -> None:
        """End a worker that hangs."""
        while True:
            await asyncio.sleep(_SILENT_S / 4)
            longest = _SILENT_S if worker.ready.is_set() else _START_S
            if time.monotonic() - worker.heard_at > longest:
                _log.error(LOG_SILENT, worker=worker.number)
                process.kill()
                return
