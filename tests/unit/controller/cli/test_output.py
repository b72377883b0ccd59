import json
from datetime import UTC, datetime, timedelta

import pytest
import typer

from controller.cli import output
from controller.cli.output import Column, ExitCode, Format
from controller.core.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    KolcoError,
    NotFoundError,
    UnavailableError,
)
from controller.operators.errors import RoleError

COLUMNS = (
    Column("NAME", "id"),
    Column("SIZE", lambda row: output.size(row["bytes"]), right=True),
    Column("MORE", "more", wide=True),
)
ROWS = [{"id": "a", "bytes": 1500, "more": ["x", "y"]}, {"id": "[red]b[/]", "bytes": 0, "more": None}]


def test_table(capsys):
    output.print_rows(ROWS, COLUMNS, Format.TABLE, kind="thing", key="id")
    assert capsys.readouterr().out == "NAME         SIZE\na          1.5 kB\n[red]b[/]     0 B\n"


def test_wide_table(capsys):
    output.print_rows(ROWS, COLUMNS, Format.WIDE, kind="thing", key="id")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "MORE"]
    assert lines[1].endswith("x, y")
    assert lines[2].endswith("-")


def test_json_and_names(capsys):
    output.print_rows(ROWS, COLUMNS, Format.JSON, kind="thing", key="id")
    assert json.loads(capsys.readouterr().out) == ROWS
    output.print_rows(ROWS, COLUMNS, Format.NAME, kind="thing", key="id")
    assert capsys.readouterr().out == "thing/a\nthing/[red]b[/]\n"
    output.print_rows([], COLUMNS, Format.JSON, kind="thing", key="id")
    assert capsys.readouterr().out == "[]\n"


def test_an_empty_table_says_so_on_stderr(capsys):
    output.print_rows([], COLUMNS, Format.TABLE, kind="thing", key="id")
    assert capsys.readouterr() == ("", "no things\n")


def test_one_row(capsys):
    output.print_row(ROWS[0], COLUMNS, Format.TABLE, kind="thing", key="id")
    assert capsys.readouterr().out == "name  a\nsize  1.5 kB\nmore  x, y\n"


def test_done(capsys):
    output.print_done("ap", "x", "adopted", {"a": 1}, Format.TABLE, dry_run=True)
    output.print_done("ap", "x", "adopted", {"a": 1}, Format.NAME)
    output.print_done("ap", "x", "adopted", {"a": 1}, Format.JSON)
    assert capsys.readouterr().out == 'ap/x adopted (dry run)\nap/x\n{\n  "a": 1\n}\n'


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundError("x"), ExitCode.NOT_FOUND),
        (DeniedError("x"), ExitCode.DENIED),
        (RoleError("x"), ExitCode.DENIED),
        (UnavailableError("x"), ExitCode.UNAVAILABLE),
        (ConflictError("x"), ExitCode.ERROR),
        (InvalidInputError("x"), ExitCode.ERROR),
        (KolcoError("x"), ExitCode.ERROR),
    ],
)
def test_exit_codes(error, code):
    assert output.exit_code(error) is code


def test_errors_go_to_stderr_with_details_and_hint(capsys):
    problems = [
        {"line": 3, "column": "site", "reason": "there is no site [bold]x"},
        {"line": 0, "column": "", "reason": "is empty"},
    ]
    code = output.report(InvalidInputError("bad " + "word " * 60, hint="mend it", problems=problems))
    out, err = capsys.readouterr()
    assert (code, out) == (ExitCode.ERROR, "")
    assert err.splitlines()[1:] == [
        "  line 3, site: there is no site [bold]x",
        "  file: is empty",
        "hint: mend it",
    ]


def test_run_ends_with_the_code_of_the_error(capsys):
    app = typer.Typer()

    @app.command()
    def fail() -> None:
        raise NotFoundError("nothing there")

    with pytest.raises(SystemExit) as ended:
        output.run(_with_arguments(app))
    assert ended.value.code == ExitCode.NOT_FOUND
    assert "nothing there" in capsys.readouterr().err


def _with_arguments(app):
    return lambda: app(args=[])


def test_without_a_terminal_only_yes_agrees(capsys, monkeypatch):
    output.confirm("Sure?", yes=True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(typer.Exit) as ended:
        output.confirm("Sure?", yes=False)
    assert ended.value.exit_code == ExitCode.USAGE
    assert "--yes" in capsys.readouterr().err


def test_ages():
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for ago, text in (
        (timedelta(seconds=5), "5s"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=25), "1d"),
        (timedelta(0), "0s"),
        (timedelta(seconds=-5), "0s"),
    ):
        assert output.age((now - ago).isoformat().replace("+00:00", "Z"), now=now) == text
    assert output.age(None) == "-"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (5e15, "5000.0 TB")],
)
def test_sizes(number, text):
    assert output.size(number) == text
