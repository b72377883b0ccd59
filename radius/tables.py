"""What RADIUS must know of small tables to answer: read from the database, and kept on the local disk.

A process that starts while the database is away takes the last good reading from the disk, says so, and reads
the table once the database is back. Each reading is sealed with this machine's secrets, as what is secret in
the database is, and its file is its owner's only. Which tables there are is the matter of whoever reads them.
"""

import asyncio
import os
import secrets as random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
from prometheus_client import CollectorRegistry, Gauge

from controller.core.db import is_away, reason_of
from controller.core.errors import InvalidInputError, UnavailableError
from controller.core.log import get_logger
from controller.core.runtime import Runtime
from controller.core.secrets import SecretStore
from radius.reload import Reload, keep_read

LOG_FROM_DISK: Final = "radius.table_from_disk"
LOG_NOT_KEPT: Final = "radius.table_not_kept"

_PURPOSE: Final = "radius-table"
_DIGEST: Final = 32
_MODE: Final = 0o600
_PATIENCE_S: Final = 5.0
"""For the first reading, if there is one on the disk: a database whose machine has no power says nothing."""

_log = get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A small table.

    Attributes:
        name: a fixed word: of its file, in the metrics and the log.
        kind: the type of a reading, of dataclasses and what JSON has.
        read: reads it from the database.
        take: puts a reading in force.
    """

    name: str
    kind: Any
    read: Callable[[], Awaitable[T]]
    take: Callable[[T], None]


class TableFiles:
    """The readings on the disk; all processes of a data directory share them.

    Args:
        directory: made when the first is kept.
        secrets: seals them.
        now: gives Unix seconds.
    """

    def __init__(self, directory: Path, secrets: SecretStore, now: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._secrets = secrets
        self._now = now

    def keep(self, name: str, reading: object) -> None:
        """Keep a reading; one that is kept already is noted to be as of now.

        Raises:
            OSError: the disk does not take it; the one before stays.
        """
        path = self._path(name)
        text = msgspec.json.encode(reading).decode()
        digest = self._secrets.digest(_PURPOSE, text)
        with suppress(FileNotFoundError), path.open("rb") as file:
            if file.read(_DIGEST) == digest:
                os.utime(path, (self._now(),) * 2)
                return
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{random.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
                file.write(digest + self._secrets.seal(_PURPOSE, text))
                file.flush()
                os.fsync(file.fileno())
            os.utime(draft, (self._now(),) * 2)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def find(self, name: str, kind: Any) -> tuple[Any, float] | None:
        """Return the reading that was kept last and its age in seconds; None: none that can be read."""
        path = self._path(name)
        try:
            text = self._secrets.unseal(_PURPOSE, path.read_bytes()[_DIGEST:])
            return msgspec.json.decode(text, type=kind), max(0.0, self._now() - path.stat().st_mtime)
        except (OSError, InvalidInputError, msgspec.MsgspecError):
            return None

    def _path(self, name: str) -> Path:
        return self._directory / name


class TableMetrics:
    """Gauges of the tables in force; `families.GAUGE_RULES` shows the worst of all processes.

    Args:
        registry: where they are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._age = Gauge(
            "kolco_radius_table_age_seconds",
            "Since the database was asked for what is in force of a small table; grows while it is away.",
            ["table"],
            registry=registry,
        )
        self._from_disk = Gauge(
            "kolco_radius_table_from_disk",
            "1 if a small table is in force as this machine's disk has it, because the database was away at "
            "the start.",
            ["table"],
            registry=registry,
        )

    def watch(self, name: str, age: Callable[[], float], from_disk: Callable[[], float]) -> None:
        """Show a table, read when it is asked for."""
        self._age.labels(name).set_function(age)
        self._from_disk.labels(name).set_function(from_disk)


class _Kept(Generic[T]):
    """One table: read from the database, or at first taken from the disk."""

    def __init__(self, tables: "Tables", table: Table[T], files: TableFiles) -> None:
        self._tables = tables
        self._table = table
        self._files = files
        self._read_at: float | None = None
        self.from_disk = False

    def age_s(self) -> float:
        """Seconds since the database was asked for what is in force."""
        return 0.0 if self._read_at is None else max(0.0, time.monotonic() - self._read_at)

    async def read(self) -> None:
        """Read the table; the first time, make do with what is on the disk."""
        if self._read_at is not None:
            await self._read()
            return
        stored = await asyncio.to_thread(self._files.find, self._table.name, self._table.kind)
        if stored is None:
            await self._read_at_last()
            return
        if self._tables.away:
            self._restore(*stored, "it was found to be away")
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._read()
        except Exception as error:
            if not is_away(error):
                raise
            self._tables.away = True
            self._restore(*stored, reason_of(error))

    async def _read_at_last(self) -> None:
        """Read it with nothing to make do with."""
        try:
            await self._read()
        except Exception as error:
            if not is_away(error):
                raise
            raise UnavailableError(
                f"the database is away, and the table {self._table.name} was never read: {reason_of(error)}",
                hint="start the database; what RADIUS has read once it keeps on this machine's disk",
            ) from error

    async def _read(self) -> None:
        reading = await self._table.read()
        self._table.take(reading)
        self._read_at, self.from_disk = time.monotonic(), False
        await self._tables.keep(self._table.name, reading)

    def _restore(self, reading: T, age_s: float, reason: str) -> None:
        self._table.take(reading)
        self._read_at, self.from_disk = time.monotonic() - age_s, True
        _log.warning(LOG_FROM_DISK, table=self._table.name, age_s=round(age_s), reason=reason)


class Tables:
    """The small tables of one process.

    Args:
        runtime: what the process stands on.
        away: the database is known to be away: it is asked beside the start.
    """

    def __init__(self, runtime: Runtime, *, away: bool = False) -> None:
        self._runtime = runtime
        self._files = TableFiles(runtime.data_dir / "radius" / "tables", runtime.secrets)
        self._metrics = TableMetrics(runtime.registry)
        self.away = away

    async def follow(self, table: Table[T], *events: type, every_s: float) -> Reload:
        """Read a table, or take it from the disk, and from now on read it whenever it may have changed.

        Args:
            table: the table.
            events: classes of events after which it is read.
            every_s: seconds after which it is read unasked.

        Raises:
            Exception: of the first reading, if there is none on the disk.
        """
        kept = _Kept(self, table, self._files)
        tasks, bus = self._runtime.tasks, self._runtime.bus
        reload = await keep_read(tasks, bus, f"radius-{table.name}", kept.read, *events, every_s=every_s)
        self._metrics.watch(table.name, kept.age_s, lambda: float(kept.from_disk))
        if kept.from_disk:
            reload.ask()
        return reload

    async def keep(self, name: str, reading: object) -> None:
        """Keep a reading on the disk; one that takes no more is told of, and RADIUS goes on."""
        try:
            await asyncio.to_thread(self._files.keep, name, reading)
        except OSError as error:
            _log.warning(LOG_NOT_KEPT, table=name, reason=reason_of(error))


def show_all(registry: CollectorRegistry) -> None:
    """Show every metric of the tables, for the reference."""
    TableMetrics(registry)
