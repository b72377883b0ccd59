"""`kolco up`: every daemon on this machine, under one supervisor."""

import asyncio
import os
from typing import Annotated

import typer
from rich.console import Console

from controller import migrations
from controller.cli.output import note
from controller.cli.serve import DaemonName, settings_class
from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.log import configure_logging
from controller.core.settings import CoreSettings
from controller.core.tasks import run_until_stopped
from controller.supervisor import Daemon, Supervisor


def command(
    without: Annotated[
        list[DaemonName] | None,
        typer.Option("--without", help="Leave a daemon out; may be given several times.", show_default=False),
    ] = None,
) -> None:
    """Run every daemon until Ctrl-C, on SQLite unless KOLCO_DATABASE_URL says otherwise.

    The database is brought to this program's version first; a daemon that dies is started again.
    The gateway needs root and its settings, and is left out without them.

    Example: KOLCO_DATA_DIR=/var/lib/kolco kolco up --without gateway
    """
    core = CoreSettings.load()
    configure_logging(core.log_level, core.log_format, "supervisor")
    names = [name for name in DaemonName if name not in (without or ())]
    if DaemonName.GATEWAY in names and (lacking := _gateway_lacks()):
        names.remove(DaemonName.GATEWAY)
        note(f"the gateway is left out: {lacking}, or say --without gateway")
    if not names:
        raise InvalidInputError("no daemon is left to run", hint="leave out fewer")
    daemons = [Daemon(name.value, _health_url(name)) for name in names]
    asyncio.run(run_until_stopped(_up(core, daemons)))


async def _up(core: CoreSettings, daemons: list[Daemon]) -> None:
    core.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = Database(core.database)
    try:
        await migrations.upgrade(db)
    finally:
        await db.close()
    async with Supervisor() as supervisor:
        for daemon in daemons:
            await supervisor.start(daemon)
        for daemon in daemons:
            await supervisor.wait_ready(daemon.name)
        names = ", ".join(daemon.name for daemon in daemons)
        Console(stderr=True, highlight=False).print(f"ready: {names}. Ctrl-C ends them. Next: kolco doctor")
        await asyncio.Event().wait()


def _gateway_lacks() -> str:
    """Return what the gateway needs and has not, as advice; empty if nothing."""
    if os.geteuid() != 0:
        return "it needs root (sudo)"
    if not settings_class(DaemonName.GATEWAY).load().model_dump()["portal_addresses"]:
        return "set KOLCO_GATEWAY_PORTAL_ADDRESSES and its interfaces (docs/settings.md)"
    return ""


def _health_url(name: DaemonName) -> str:
    settings = settings_class(name).load()
    host, port = settings.model_dump()["admin_host"], settings.model_dump()["admin_port"]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/healthz"
