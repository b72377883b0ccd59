"""Accounting on its way to home servers, after it was accepted here.

The NAS is acknowledged as soon as the record is safe here; its home server gets it when it can. What it
does not acknowledge is sent again, with more Acct-Delay-Time, until the deadline. Nothing is lost
unnoticed: what expires or does not fit is counted, and what is under way when the daemon stops waits in a
file (`spool`) for its next start. Only a daemon that is killed forgets what was on its way.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.core.log import get_logger
from radius.protocol.attributes import Code
from radius.protocol.errors import PeerError
from radius.proxy import spool
from radius.proxy.choice import Link
from radius.proxy.hidden import Key
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.rewrite import Forwarded
from radius.proxy.spool import Waiting
from radius.proxy.types import NoAnswerError

LOG_ABANDONED = "radius.proxied_accounting_abandoned"
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_NO_KEY: Final = Key(b"", b"")
"""Accounting has no hidden values."""

_log = get_logger(__name__)

Choose = Callable[[str, bytes], Sequence[Link]]
"""Gives the home servers of a realm's pattern for a device, in order."""


@dataclass(frozen=True, slots=True)
class ForwardLimits:
    """What the forwarder bears.

    Attributes:
        response_s: what a home server has for an answer.
        deadline_s: seconds after which a record is given up.
        most: records on their way at most.
    """

    response_s: float
    deadline_s: float
    most: int


class Forwarder:
    """See the module.

    Args:
        choose: gives home servers, asked anew for each attempt.
        metrics: counts what became of each record.
        now: gives the time in Unix seconds.
        limits: what it bears.
        directory: where records wait while the daemon is restarted.
    """

    def __init__(
        self,
        choose: Choose,
        metrics: ProxyMetrics,
        now: Callable[[], float],
        *,
        limits: ForwardLimits,
        directory: Path,
    ) -> None:
        self._choose = choose
        self._metrics = metrics
        self._now = now
        self._limits = limits
        self._directory = directory
        self._waiting: dict[asyncio.Task[None], Waiting] = {}

    def __len__(self) -> int:
        """Return the number of records on their way."""
        return len(self._waiting)

    def resume(self) -> None:
        """Go on with what waited while the daemon was restarted."""
        for waiting in spool.take(self._directory):
            self._start(waiting)

    def submit(self, forwarded: Forwarded, pattern: str, device: bytes) -> None:
        """Have an Accounting-Request delivered to a home server of the realm's pattern."""
        self._start(Waiting(list(forwarded.attributes), pattern, device, self._now()))

    async def close(self, grace_s: float = 0.5) -> None:
        """Give what is under way a little time, then have it wait in a file."""
        if not self._waiting:
            return
        await asyncio.wait(self._waiting, timeout=grace_s)
        left = dict(self._waiting)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if not left:
            return
        try:
            await asyncio.to_thread(spool.save, self._directory, list(left.values()))
        except OSError as error:
            for _ in left:
                self._metrics.count_accounting("abandoned")
            _log.error(LOG_ABANDONED, records=len(left), reason=error.strerror)

    def _start(self, waiting: Waiting) -> None:
        if len(self._waiting) >= self._limits.most:
            self._metrics.count_accounting("overflow")
            return
        task = asyncio.create_task(self._deliver(waiting))
        self._waiting[task] = waiting
        task.add_done_callback(self._waiting.pop)

    async def _deliver(self, waiting: Waiting) -> None:
        forwarded = Forwarded(Code.ACCOUNTING_REQUEST, tuple(waiting.attributes), _NO_KEY)
        pause = _FIRST_PAUSE_S
        while True:
            late_s = max(0, int(self._now() - waiting.accepted_at))
            if await self._try_each(forwarded.later(late_s) if late_s else forwarded, waiting):
                self._metrics.count_accounting("delivered")
                return
            left = self._limits.deadline_s - (self._now() - waiting.accepted_at)
            if left <= 0:
                self._metrics.count_accounting("expired")
                return
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _try_each(self, forwarded: Forwarded, waiting: Waiting) -> bool:
        for link in self._choose(waiting.pattern, waiting.device):
            if not link.up:
                continue
            try:
                await link.exchange(forwarded, self._limits.response_s)
            except (NoAnswerError, PeerError):
                continue
            return True
        return False
