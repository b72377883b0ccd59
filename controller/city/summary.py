"""What ``kolco city`` shows: progress while it starts, then a summary that lives until Ctrl-C.

Rendering only: it looks nothing up and starts nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from controller.city.parts import LeftOut
from controller.city.story import StepResult

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "not reached": ("·", "dim")}


@dataclass(frozen=True, slots=True)
class Vitals:
    """The city at one moment."""

    aps: int
    connected: int
    settled: int
    clients: int
    online: int
    """Sessions of real phones that are open."""
    restarts: dict[str, int]
    """Daemons that the supervisor had to start again, and how often."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something to open: what it is, and its URL."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Idea:
    """Something to try: what it shows, and the command."""

    what: str
    command: str


def progress(console: Console) -> Progress:
    """The bars while the city starts."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


@contextmanager
def shown_progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show bars until the block ends; what it gives is told of each part: its name, done, of how many."""
    bars = progress(console)
    tasks: dict[str, TaskID] = {}

    def tell(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=of)
        bars.update(tasks[what], completed=done, total=of)

    with bars:
        yield tell


def render_left_out(missing: Sequence[LeftOut]) -> RenderableType:
    """What this machine cannot show, why, and how to get it."""
    table = Table(title="Left out on this machine", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("part", "because", "to get it"):
        table.add_column(heading, overflow="fold")
    for one in missing:
        table.add_row(one.part, one.why, one.how)
    return table


def render_city(
    vitals: Vitals, links: Sequence[Link], ideas: Sequence[Idea], *, up_s: float
) -> RenderableType:
    """The summary: numbers, URLs, and what to try."""
    numbers = Table.grid(padding=(0, 2))
    numbers.add_row(
        "access points", f"{vitals.connected} of {vitals.aps} connected, {vitals.settled} configured"
    )
    numbers.add_row("stations on the air", str(vitals.clients))
    numbers.add_row("citizens online", str(vitals.online))
    restarted = ", ".join(f"{name} ×{count}" for name, count in vitals.restarts.items() if count)
    numbers.add_row("restarted", restarted or "nothing")
    where = Table.grid(padding=(0, 2))
    for link in links:
        where.add_row(link.name, link.url)
    attempts = Table.grid(padding=(0, 0))
    for number, idea in enumerate(ideas, start=1):
        attempts.add_row(Text(f"{number}. {idea.what}"))
        attempts.add_row(Text(f"   {idea.command}", style="cyan"))
    body = Group(numbers, Text(), where, Text(), attempts)
    minutes, seconds = divmod(int(up_s), 60)
    return Panel(
        body,
        title=f"kolco city · up {minutes}:{seconds:02d}",
        subtitle="Ctrl-C ends it and leaves nothing behind",
        title_align="left",
        subtitle_align="left",
    )


def render_step(result: StepResult) -> Text:
    """One line of the story."""
    mark, style = MARKS[result.outcome]
    line = Text.assemble((f"{mark} ", style), f"{result.title}", (f"  {result.seconds:.1f} s", "dim"))
    if result.detail:
        line.append(f"\n    {result.detail}", style="red" if result.outcome == "failed" else "dim")
    return line
