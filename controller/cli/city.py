"""`kolco city`: a whole city on this machine, to look at or to check itself."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from controller.cli.output import ExitCode, Format, Output, note, print_json
from controller.core.log import configure_logging

__all__ = ["command"]

_Result = TypeVar("_Result")


def command(
    *,
    aps: Annotated[int, typer.Option(min=1, help="Simulated access points.")] = 3000,
    phones: Annotated[
        int, typer.Option(min=0, max=200, help="Phones in network namespaces; needs root.")
    ] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same city.")] = 1,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Keep the city's data here. Default: a temporary directory that goes with it."),
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="postgresql+asyncpg://… instead of SQLite in the data directory.")
    ] = None,
    bus_url: Annotated[str | None, typer.Option(help="nats://… instead of the embedded bus.")] = None,
    state_interval: Annotated[
        float | None, typer.Option(min=1, help="Seconds between two states of an access point.")
    ] = None,
    self_check: Annotated[
        bool, typer.Option("--check", help="Tell the story from a phone to the Internet, then end.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Start a whole city on this machine; Ctrl-C ends it and leaves nothing behind.

    With --check it takes every step of a citizen's way by itself and ends with 0, or with 1 and the
    name of the step that failed.

    Example: kolco city --aps 300 --phones 3 --check -o json
    """
    # Here and not above: every other command would wait most of a second for them.
    from controller.city.check import check  # noqa: PLC0415
    from controller.city.parts import find  # noqa: PLC0415
    from controller.city.run import Options  # noqa: PLC0415
    from controller.city.show import show  # noqa: PLC0415

    options = Options(
        aps=aps,
        phones=phones,
        seed=seed,
        data_dir=data_dir,
        database_url=database_url,
        bus_url=bus_url,
        state_interval_s=state_interval,
    )
    configure_logging("warning", "console", "city")
    if not self_check:
        _until_interrupted(show(options, find(), Console(highlight=False)))
        return
    # With JSON the story goes to the other stream: programs read one object, people still see it.
    console = Console(stderr=output is Format.JSON, highlight=False)
    told = _until_interrupted(check(options, find(), console))
    if told is None:
        note("interrupted; nothing is left behind")
        raise typer.Exit(ExitCode.USAGE)
    if output is Format.JSON:
        print_json(told)
    if told["outcome"] != "passed":
        raise typer.Exit(ExitCode.ERROR)


def _until_interrupted(work: Coroutine[Any, Any, _Result]) -> _Result | None:
    """Run to the end, or to the first Ctrl-C or SIGTERM: then clean up, whatever is pressed meanwhile."""

    async def guarded() -> _Result | None:
        task = asyncio.ensure_future(work)
        asked = False

        def ask() -> None:
            nonlocal asked
            if not asked:
                asked = True
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, ask)
        try:
            return await task
        except asyncio.CancelledError:
            if not asked:
                raise
            return None

    return asyncio.run(guarded())
