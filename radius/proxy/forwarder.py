"""Accounting on its way to home servers, after it was accepted here.

The NAS is acknowledged as soon as the record is safe here; its home server gets it when it can. What it
does not acknowledge is sent again, with more Acct-Delay-Time, until the deadline. Nothing is lost
unnoticed: what expires, does not fit or is under way when the daemon stops is counted. It waits in
memory only: a daemon that is killed forgets what was on its way.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from controller.core.log import get_logger
from radius.protocol.errors import PeerError
from radius.proxy.choice import Link
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.rewrite import Forwarded
from radius.proxy.types import NoAnswerError

LOG_ABANDONED = "radius.proxied_accounting_abandoned"
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0

_log = get_logger(__name__)


class Forwarder:
    """See the module.

    Args:
        metrics: counts what became of each.
        monotonic: gives seconds of a clock that never goes back.
        response_s: what a home server has for an answer.
        deadline_s: seconds after which a record is given up.
        most: records on their way at most.
    """

    def __init__(
        self,
        metrics: ProxyMetrics,
        monotonic: Callable[[], float],
        *,
        response_s: float,
        deadline_s: float,
        most: int,
    ) -> None:
        self._metrics = metrics
        self._monotonic = monotonic
        self._response_s = response_s
        self._deadline_s = deadline_s
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return the number of records on their way."""
        return len(self._tasks)

    def submit(self, forwarded: Forwarded, choose: Callable[[], Sequence[Link]]) -> None:
        """Have a record delivered; `choose` gives the home servers in order, anew for each attempt."""
        if len(self._tasks) >= self._most:
            self._metrics.count_accounting("overflow")
            return
        task = asyncio.create_task(self._deliver(forwarded, choose))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, grace_s: float = 2.0) -> None:
        """Give what is under way a little time, then give it up."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
                self._metrics.count_accounting("abandoned")
            if late:
                _log.warning(LOG_ABANDONED, records=len(late))
            await asyncio.gather(*late, return_exceptions=True)

    async def _deliver(self, forwarded: Forwarded, choose: Callable[[], Sequence[Link]]) -> None:
        begun = self._monotonic()
        pause = _FIRST_PAUSE_S
        while True:
            for link in choose():
                if not link.up:
                    continue
                late_s = int(self._monotonic() - begun)
                try:
                    await link.exchange(forwarded.later(late_s) if late_s else forwarded, self._response_s)
                except NoAnswerError:
                    continue
                except PeerError:
                    break
                self._metrics.count_accounting("delivered")
                return
            left = self._deadline_s - (self._monotonic() - begun)
            if left <= 0:
                self._metrics.count_accounting("expired")
                return
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)
