"""What every daemon stands on, opened in one place and closed in the reverse order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from controller.core.bus import Bus
from controller.core.clock import Clock, SystemClock
from controller.core.db import Database, is_away, reason_of
from controller.core.errors import UnavailableError
from controller.core.local_bus import LocalBus
from controller.core.log import get_logger
from controller.core.nats_bus import NatsBus
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.core.tasks import Tasks

LOG_BUS_AWAY: Final = "bus.away"
LOG_BUS_BACK: Final = "bus.connected_late"

_PATIENCE_S: Final = 5.0
_AGAIN_S: Final = 1.0

_log = get_logger(__name__)


@dataclass
class Runtime:
    """Settings, database, bus, clock, secrets, metrics registry and tasks of one daemon."""

    settings: CoreSettings
    db: Database
    bus: Bus
    clock: Clock
    secrets: SecretStore
    registry: CollectorRegistry
    tasks: Tasks

    @property
    def data_dir(self) -> Path:
        """The directory of generated secrets, certificates and the embedded database."""
        return self.settings.data_dir


@asynccontextmanager
async def open_runtime(
    settings: CoreSettings, *, clock: Clock | None = None, patient: bool = False
) -> AsyncIterator[Runtime]:
    """Open the database and the bus, and deliver events until the block ends.

    Args:
        settings: shared by all daemons.
        clock: gives the time; by default the system's.
        patient: if the database or the bus is away, go on, and connect once it is back; what may have been
            missed by then is announced as a gap.

    Raises:
        UnavailableError: the bus does not answer, and it is not patient.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = clock or SystemClock()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    db = Database(settings.database)
    bus = NatsBus(settings.bus_url, db, clock) if settings.bus_url else LocalBus(db, clock)
    try:
        connection = _Connection(bus)
        await connection.open(patient=patient)
        async with Tasks(registry) as tasks:
            tasks.spawn("bus", connection.run)
            yield Runtime(
                settings, db, bus, clock, SecretStore(settings.data_dir / "secrets"), registry, tasks
            )
    finally:
        await bus.close()
        await db.close()


class _Connection:
    """A bus that may be away at the start."""

    def __init__(self, bus: NatsBus | LocalBus) -> None:
        self._bus = bus
        self._is_open = False

    async def open(self, *, patient: bool) -> None:
        """Connect; a patient one goes on without, if it does not answer soon."""
        try:
            async with asyncio.timeout(_PATIENCE_S if patient else None):
                await self._bus.connect()
        except Exception as error:
            if not patient or not _is_away(error):
                raise
            _log.warning(LOG_BUS_AWAY, reason=reason_of(error))
            return
        self._is_open = True

    async def run(self) -> None:
        """Carry events until cancelled, once it is connected."""
        while not self._is_open:
            await asyncio.sleep(_AGAIN_S)
            try:
                await self._bus.connect()
            except Exception as error:
                if not _is_away(error):
                    raise
            else:
                self._is_open = True
                _log.info(LOG_BUS_BACK)
                await self._bus.announce_gap()
        await self._bus.run()


def _is_away(error: Exception) -> bool:
    return isinstance(error, UnavailableError) or is_away(error)
