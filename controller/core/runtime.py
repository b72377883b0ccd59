"""What every daemon stands on, opened in one place and closed in the reverse order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector

from controller.core.bus import Bus
from controller.core.clock import Clock, SystemClock
from controller.core.db import Database
from controller.core.local_bus import LocalBus
from controller.core.nats_bus import NatsBus
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.core.tasks import Tasks


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
async def open_runtime(settings: CoreSettings, *, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Open the database and the bus, and deliver events until the block ends.

    Raises:
        UnavailableError: the bus does not answer.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = clock or SystemClock()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    db = Database(settings.database)
    bus: Bus = NatsBus(settings.bus_url, db, clock) if settings.bus_url else LocalBus(db, clock)
    try:
        await bus.connect()
        async with Tasks(registry) as tasks:
            tasks.spawn("bus", bus.run)
            yield Runtime(
                settings, db, bus, clock, SecretStore(settings.data_dir / "secrets"), registry, tasks
            )
    finally:
        await bus.close()
        await db.close()
