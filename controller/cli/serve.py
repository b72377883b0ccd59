"""`kolco serve …`: one daemon in this process, until SIGTERM or Ctrl-C."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer
import uvloop

from controller import migrations
from controller.core.db import Database
from controller.core.errors import KolcoError, UnavailableError
from controller.core.limits import allow_open_files
from controller.core.log import configure_logging, get_logger
from controller.core.runtime import Runtime, open_runtime
from controller.core.settings import CoreSettings, Section
from controller.core.tasks import run_until_stopped

LOG_READY = "daemon.ready"
LOG_STOPPED = "daemon.stopped"
LOG_DATABASE_AWAY = "daemon.starts_without_database"

_PATIENCE_S = 5.0

Serve = Callable[..., Awaitable[None]]


class DaemonName(StrEnum):
    """The daemons."""

    CONTROLLER = "controller"
    PORTAL = "portal"
    GATEWAY = "gateway"
    RADIUS = "radius"
    MONITOR = "monitor"


_PLACES = {
    DaemonName.CONTROLLER: ("controller", "ControllerSettings"),
    DaemonName.PORTAL: ("captive_portal.portal", "PortalSettings"),
    DaemonName.GATEWAY: ("captive_portal.gateway", "GatewaySettings"),
    DaemonName.RADIUS: ("radius", "RadiusSettings"),
    DaemonName.MONITOR: ("monitoring", "MonitorSettings"),
}
_PATIENT = {DaemonName.RADIUS}
"""Those that have work to do while the database is away."""


def settings_class(name: DaemonName) -> type[Section]:
    """Return a daemon's settings class; only its package is imported."""
    package, class_name = _PLACES[name]
    found: type[Section] = getattr(import_module(f"{package}.settings"), class_name)
    return found


def command(
    daemon: Annotated[DaemonName, typer.Argument(help="Which daemon.", show_default=False)],
) -> None:
    """Serve one daemon until SIGTERM or Ctrl-C. Its settings come from the environment: docs/settings.md.

    Example: KOLCO_DATA_DIR=/var/lib/kolco kolco serve radius
    """
    core = CoreSettings.load()
    configure_logging(core.log_level, core.log_format, daemon.value)
    settings = settings_class(daemon).load()
    allow_open_files()
    serve: Serve = import_module(f"{_PLACES[daemon][0]}.daemon").serve
    patient = daemon in _PATIENT and not core.database.startswith("sqlite")  # a file is never away for long
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_until_stopped(_serve(serve, core, settings, patient=patient)))


async def _serve(serve: Serve, core: CoreSettings, settings: Any, *, patient: bool) -> None:
    log = get_logger(__name__)
    await _check_schema(core, patient=patient)
    async with open_runtime(core, patient=patient) as runtime:
        work = asyncio.ensure_future(serve(runtime, settings, ready=lambda: log.info(LOG_READY)))
        try:
            await _first_failure(work, runtime)
        except BaseExceptionGroup as group:
            # A daemon's listeners run side by side; the reader wants the reason, not the structure.
            raise _first_reason(group) from group
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            log.info(LOG_STOPPED)


async def _first_failure(work: asyncio.Future[None], runtime: Runtime) -> None:
    """Wait until the daemon ends or a task that must not fail does."""
    waiting: set[asyncio.Future[None]] = {work}
    if runtime.tasks.failed is not None:
        waiting.add(runtime.tasks.failed)
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for future in done:
        future.result()


async def _check_schema(core: CoreSettings, *, patient: bool) -> None:
    db = Database(core.database)
    try:
        async with asyncio.timeout(_PATIENCE_S if patient else None):
            await migrations.check(db)
    except (UnavailableError, TimeoutError) as error:
        if not patient:
            raise
        get_logger(__name__).warning(LOG_DATABASE_AWAY, reason=str(error) or "it does not answer")
    finally:
        await db.close()


def _first_reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error meant to be read, or else the first of all."""
    ours = group.subgroup(KolcoError)
    reason: BaseException = ours or group
    while isinstance(reason, BaseExceptionGroup):
        reason = reason.exceptions[0]
    return reason
