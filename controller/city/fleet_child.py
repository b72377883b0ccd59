"""The fleet's process as the city sees it: started, watched, ended.

The access points themselves are :mod:`controller.city.fleet`; this only speaks their control lines.
"""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from controller.city.fleet.control import Certificates, parse_report
from controller.city.fleet.fleet import Progress
from controller.city.process import Child
from controller.core.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class FleetOrder:
    """Which fleet is wanted; see ``python -m controller.city.fleet --help``."""

    url: str
    data_dir: Path
    aps: int
    seed: int
    state_interval_s: float | None

    def argv(self) -> list[str]:
        """The command line."""
        return [
            sys.executable,
            "-P",
            "-m",
            "controller.city.fleet",
            f"--url={self.url}",
            f"--data-dir={self.data_dir}",
            f"--aps={self.aps}",
            f"--seed={self.seed}",
            *([] if self.state_interval_s is None else [f"--state-interval={self.state_interval_s:g}"]),
        ]


class FleetChild:
    """A running fleet and the last it told of itself."""

    def __init__(self, child: Child) -> None:
        """Listen to a started process; use :meth:`start`."""
        self._child = child
        self._listening = asyncio.create_task(self._listen())
        self.certificates = 0
        """Certificates that it has issued so far."""
        self.progress: Progress | None = None
        """None until the access points are switched on."""

    @classmethod
    async def start(cls, order: FleetOrder, *, log: Path) -> Self:
        """Start the process; it tells of itself from then on."""
        return cls(await Child.start("fleet", order.argv(), log=log, piped=True))

    def check(self) -> None:
        """Raise :class:`UnavailableError` when the process has ended."""
        if not self._child.running:
            raise UnavailableError(f"the fleet ended: {self._child.last_words()}")

    async def stop(self) -> None:
        """End it; the access points go dark."""
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        await self._child.stop()

    async def _listen(self) -> None:
        stdout = self._child.process.stdout
        while stdout is not None and (line := await stdout.readline()):
            try:
                report = parse_report(line)
            except msgspec.DecodeError:
                continue  # a line of another library's; what matters comes again every second
            if isinstance(report, Certificates):
                self.certificates = report.issued
            elif isinstance(report, Progress):
                self.progress = report
