"""How commands speak: tables for people and JSON for programs on stdout, messages on stderr.

Exit codes of every command:

==== ====================================================================
0    done, also when there was nothing to do
1    an error: refused by a rule, a conflict, a failed check
2    wrong usage, or cancelled
3    what was named does not exist
4    no valid token, or the role does not allow it
5    the controller, or a part it needs, does not answer: try again later
==== ====================================================================

Colour is left out when stdout is no terminal or NO_COLOR is set (no-color.org). Does not fetch.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from itertools import zip_longest
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from controller.core.errors import (
    DeniedError,
    InvalidInputError,
    KolcoError,
    NotFoundError,
    UnavailableError,
)


class ExitCode(IntEnum):
    """What a command's end means to a script."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    DENIED = 4
    UNAVAILABLE = 5


class Format(StrEnum):
    """How results are written."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    NAME = "name"


Output = Annotated[
    Format,
    typer.Option("--output", "-o", help="table and wide are for people, json and name for programs."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything and say what would be done; change nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
MaxRows = Annotated[int | None, typer.Option("--limit", min=1, help="At most this many.")]

Row = Mapping[str, Any]

_STYLES = {
    "yes": "green", "no": "red", "adopted": "", "planned": "yellow", "retired": "dim",
    "acknowledged": "green", "pending": "yellow", "sent": "yellow", "rejected": "red", "failed": "red",
    "active": "green", "blocked": "red", "pass": "green", "warn": "yellow", "fail": "red",
}  # fmt: skip
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    title: str
    """Upper case, no spaces: it can be cut with awk."""
    value: str | Callable[[Row], object]
    """Key of the row, or what makes the cell of a row."""
    wide: bool = False
    """Only with `-o wide`."""
    right: bool = False


def print_rows(
    rows: Sequence[Row], columns: Sequence[Column], output: Format, *, kind: str, key: str
) -> None:
    """Write a list: a table, a JSON array, or one `kind/key` a line."""
    if output is Format.JSON:
        print_json(rows)
    elif output is Format.NAME:
        for row in rows:
            typer.echo(f"{kind}/{row[key]}")
    elif not rows:
        note(f"no {kind if kind.endswith('s') else kind + 's'}")
    else:
        _print_table(rows, [column for column in columns if output is Format.WIDE or not column.wide])


def print_row(row: Row, columns: Sequence[Column], output: Format, *, kind: str, key: str) -> None:
    """Write one thing: a line a field, or JSON."""
    if output in (Format.JSON, Format.NAME):
        if output is Format.JSON:
            print_json(row)
        else:
            typer.echo(f"{kind}/{row[key]}")
        return
    cells = [(Text(column.title.lower(), style="bold"), _cell(_value(column, row))) for column in columns]
    if not sys.stdout.isatty():
        _write_plain([[label.plain, text.plain] for label, text in cells], right=(False, False))
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for pair in cells:
        table.add_row(*pair)
    _console().print(table)


def print_done(
    kind: str, name: object, verb: str, row: Any, output: Format, *, dry_run: bool = False
) -> None:
    """Write what a change did: `kind/name verb`, or what the controller answered as JSON."""
    if output is Format.JSON:
        print_json(row)
    elif output is Format.NAME:
        typer.echo(f"{kind}/{name}")
    else:
        typer.echo(f"{kind}/{name} {verb}{' (dry run)' if dry_run else ''}")


def print_json(value: Any) -> None:
    """Write JSON, as the API gives it."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def note(message: str) -> None:
    """Write a message for people to stderr."""
    typer.echo(message, err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Go on if the user agrees; without a terminal only `--yes` agrees.

    Raises:
        typer.Exit: with code 2, cancelled.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        note(f"{question}\nThere is no terminal to ask at: --yes agrees.")
        raise typer.Exit(ExitCode.USAGE)
    if not typer.confirm(question, err=True):
        note("cancelled")
        raise typer.Exit(ExitCode.USAGE)


def ask_hidden(what: str, *, hint: str) -> str:
    """Ask for a secret without showing it; without a terminal it is the first line of the standard input.

    Args:
        what: what is asked for, such as `Password`.
        hint: how else to give it.

    Raises:
        InvalidInputError: there is none.
    """
    if sys.stdin.isatty():
        given: str = typer.prompt(what, hide_input=True)
        return given
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise InvalidInputError(f"there is no terminal to ask for the {what.lower()} at", hint=hint)
    return given


def exit_code(error: KolcoError) -> ExitCode:
    """Return what a command ends with on this error."""
    if isinstance(error, NotFoundError):
        return ExitCode.NOT_FOUND
    if isinstance(error, DeniedError):
        return ExitCode.DENIED
    return ExitCode.UNAVAILABLE if isinstance(error, UnavailableError) else ExitCode.ERROR


def report(error: KolcoError) -> ExitCode:
    """Write an error, its details and its hint to stderr; return the exit code."""
    console = _console(stderr=True)
    console.print(Text("error: ", style="bold red").append(error.message, style="not bold default"))
    for problem in _problems(error):
        where = f"line {problem['line']}" if problem["line"] else "file"
        column = f", {problem['column']}" if problem["column"] else ""
        console.print(Text(f"  {where}{column}: {problem['reason']}"))
    if error.hint:
        console.print(Text(f"hint: {error.hint}", style="dim"))
    return exit_code(error)


def run(app: typer.Typer) -> NoReturn:
    """Run the command line and end the process with a documented exit code."""
    try:
        app()
    except KolcoError as error:
        sys.exit(report(error))
    except OSError as error:  # of the machine, which people can mend; a fault of ours keeps its traceback
        sys.exit(report(_of_machine(error)))
    sys.exit(ExitCode.OK)


def age(text: object, *, now: datetime | None = None) -> str:
    """Return how long ago a moment in ISO 8601 was: 3d, 5m, 12s; `-` for none."""
    if not isinstance(text, str) or not text:
        return "-"
    return span((now or datetime.now(UTC)) - datetime.fromisoformat(text))


def span(length: Any) -> str:
    """Return a timedelta in its largest whole unit; below zero it is 0s."""
    seconds = int(length.total_seconds())
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "0s"


def size(number: object) -> str:
    """Return a number of bytes with a decimal prefix, as networks count: 1.5 MB."""
    value = float(number) if isinstance(number, int | float) else 0.0
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":  # noqa: PLR2004  the base of the prefixes
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def _print_table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    cells = [[_cell(_value(column, row)) for column in columns] for row in rows]
    if not sys.stdout.isatty():
        titles = [column.title for column in columns]
        plain = [titles, *([cell.plain for cell in line] for line in cells)]
        _write_plain(plain, right=[column.right for column in columns])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, no_wrap=True, overflow="ellipsis", justify=justify)
    for line in cells:
        table.add_row(*line)
    _console().print(table)


def _write_plain(lines: Sequence[Sequence[str]], *, right: Sequence[bool]) -> None:
    """Write aligned columns for a pipe: nothing is cut, no colour, no spaces at the ends of lines."""
    parts = [[cell.split("\n") for cell in line] for line in lines]
    widths = [max(cell_len(text) for line in parts for text in line[column]) for column in range(len(right))]
    for line in parts:
        for texts in zip_longest(*line, fillvalue=""):
            spaces = [" " * (width - cell_len(text)) for width, text in zip(widths, texts, strict=True)]
            padded = [
                gap + text if to_right else text + gap
                for gap, text, to_right in zip(spaces, texts, right, strict=True)
            ]
            typer.echo("  ".join(padded).rstrip())


def _value(column: Column, row: Row) -> object:
    return row.get(column.value) if isinstance(column.value, str) else column.value(row)


def _cell(value: object) -> Text:
    if value is None or value == "":
        return Text("-", style="dim")
    if isinstance(value, bool):
        value = "yes" if value else "no"
    text = ", ".join(map(str, value)) or "-" if isinstance(value, list | tuple) else str(value)
    return Text(text, style=_STYLES.get(text, ""))


def _console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, soft_wrap=stderr)


def _of_machine(error: OSError) -> KolcoError:
    reason = error.strerror or str(error)
    if error.filename is None:
        return UnavailableError(f"the machine says: {reason}", hint="kolco doctor looks for the cause")
    return InvalidInputError(
        f"cannot use {os.fsdecode(error.filename)}: {reason}",
        hint="check the path, its owner and its mode; KOLCO_DATA_DIR names the data directory",
    )


def _problems(error: KolcoError) -> list[Any]:
    problems = error.data.get("problems")
    return problems if isinstance(problems, list) else []
