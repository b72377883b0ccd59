"""``kolco city --check``: start a city, tell its story, end it, and say how it went."""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from rich.console import Console

from controller.city.parts import Found
from controller.city.run import City, Options, Tell, untold
from controller.city.steps import Journey
from controller.city.story import StepResult, report, tell
from controller.city.summary import render_step, shown_progress

STATE_INTERVAL_S = 10.0
"""A story need not wait the minute that real access points take to tell their state."""


async def check(options: Options, found: Found, console: Console) -> dict[str, object]:
    """Tell the story; the report as :func:`controller.city.story.report` gives it.

    Each step is shown as it ends. Whatever happens, the city is gone when this returns.
    """
    if options.state_interval_s is None:
        options = replace(options, state_interval_s=STATE_INTERVAL_S)
    city = City(options, found)

    def show_start() -> AbstractContextManager[Tell]:
        return shown_progress(console) if console.is_terminal else nullcontext(untold)

    journey = Journey(city, show_start)

    def seen(result: StepResult) -> None:
        console.print(render_step(result), soft_wrap=True)

    try:
        told = await tell(journey.steps(), monotonic=time.monotonic, seen=seen)
    finally:
        await city.stop()
    return report(
        told,
        aps=options.aps,
        phones=options.phones,
        database="sqlite" if options.database_url is None else options.database_url.partition("+")[0],
        bus="embedded" if options.bus_url is None else "nats",
    )
