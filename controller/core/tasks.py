"""Supervised tasks: named, restarted with back-off when they crash, all ended at exit."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, Counter

from controller.core.db import is_away, reason_of
from controller.core.log import get_logger

LOG_CRASHED = "task.crashed"
LOG_WAITS = "task.waits_for_server"

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 30.0
_LONGEST_WAIT_S = 2.0
"""For a server that is away: it should be noticed soon that it is back."""
_HEALTHY_AFTER_S = 60.0
_CANCEL_AGAIN_S = 0.5

_log = get_logger(__name__)


class Tasks:
    """The tasks of one daemon, an async context manager.

    Args:
        registry: where crashes are counted as `kolco_task_crashes_total{task}`; may be None.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._crashes = (
            Counter("kolco_task_crashes_total", "Crashes of supervised tasks.", ["task"], registry=registry)
            if registry is not None
            else None
        )
        self.failed: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self.failed = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
        if self.failed is not None and self.failed.done() and error is None:
            self.failed.result()

    def spawn(self, name: str, factory: Callable[[], Awaitable[None]], *, restart: bool = True) -> None:
        """Start a task.

        Args:
            name: for logs and the crash counter; a fixed word, not data.
            factory: makes the work anew at each start.
            restart: run again after a crash, waiting 0.1 s to 30 s between, 2 s at most if the
                database or another server is away; otherwise a crash is raised from the context manager.
        """
        task = asyncio.create_task(self._run(name, factory, restart=restart), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel every task and wait until each has ended."""
        while tasks := list(self._tasks):
            # Again until it holds: before Python 3.12 a library's wait_for() may swallow a
            # cancellation that arrives together with its result.
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_CANCEL_AGAIN_S)

    async def _run(self, name: str, factory: Callable[[], Awaitable[None]], *, restart: bool) -> None:
        delay = _FIRST_DELAY_S
        loop = asyncio.get_running_loop()
        told = ""
        while True:
            started = loop.time()
            try:
                await factory()
            except Exception as error:  # noqa: BLE001 - a supervisor catches all
                if self._crashes is not None:
                    self._crashes.labels(name).inc()
                longest = _LONGEST_WAIT_S if is_away(error) else _LONGEST_DELAY_S
                if not is_away(error):
                    _log.exception(LOG_CRASHED, task=name)
                elif told != reason_of(error):  # once, not at every try
                    told = reason_of(error)
                    _log.warning(LOG_WAITS, task=name, reason=told)
                if not restart:
                    if self.failed is not None and not self.failed.done():
                        self.failed.set_exception(error)
                    return
            else:
                return
            if loop.time() - started > _HEALTHY_AFTER_S:
                delay, told = _FIRST_DELAY_S, ""
            else:
                delay = min(delay * 2, longest)
            await asyncio.sleep(delay)


async def run_until_stopped(work: Awaitable[None]) -> None:
    """Run the work until it ends, or SIGTERM or SIGINT cancels it."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
