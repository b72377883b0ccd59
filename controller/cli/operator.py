"""`kolco operator`: who may use the API and the commands, and what they did."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from controller.cli.client import open_client, segment
from controller.cli.output import (
    Column,
    DryRun,
    Format,
    MaxRows,
    Output,
    Yes,
    age,
    confirm,
    note,
    print_done,
    print_json,
    print_row,
    print_rows,
)

app = typer.Typer(no_args_is_help=True, help="Who may use the API and these commands, and what they did.")


class _Role(StrEnum):
    VIEWER = "viewer"
    ENGINEER = "engineer"
    ADMIN = "admin"


_COLUMNS = (
    Column("NAME", "name"),
    Column("ROLE", "role"),
    Column("ENABLED", lambda row: row["disabled_at"] is None),
    Column("AGE", lambda row: age(row["created_at"])),
)
_LOG_COLUMNS = (
    Column("WHEN", lambda row: age(row["at"])),
    Column("OPERATOR", "operator"),
    Column("ACTION", "action"),
    Column("OBJECT", lambda row: f"{row['object_type']}/{row['object_id']}"),
    Column("DETAIL", lambda row: ", ".join(f"{key}={_brief(v)}" for key, v in row["detail"].items())),
)

_Name = Annotated[str, typer.Argument(help="Name of the operator.")]


@app.command("list")
def list_operators(output: Output = Format.TABLE) -> None:
    """List operators."""
    print_rows(open_client().find_all("/operators"), _COLUMNS, output, kind="operator", key="name")


@app.command()
def whoami(output: Output = Format.TABLE) -> None:
    """Show whose token these commands use."""
    print_row(open_client().get("/whoami"), _COLUMNS[:2], output, kind="operator", key="name")


@app.command()
def create(
    name: _Name,
    role: Annotated[_Role, typer.Option(help="Viewers read, engineers change, admins name operators.")],
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Name an operator; the token is shown this once.

    Example: kolco operator create anna --role engineer > anna.token
    """
    body = {"name": name, "role": role}
    row = open_client().send("POST", "/operators", {"dry_run": dry_run}, json=body)
    _print_token(row, "created", output, dry_run=dry_run)


@app.command()
def token(name: _Name, yes: Yes = False, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Give an operator a new token; the old one stops working."""
    confirm(f"Replace the token of {name}?", yes=yes or dry_run)
    row = open_client().send("POST", f"/operators/{segment(name)}/token", {"dry_run": dry_run})
    _print_token(row, "token replaced", output, dry_run=dry_run)


@app.command()
def disable(name: _Name, yes: Yes = False, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Disable an operator: the token stops working at once."""
    confirm(f"Disable {name}?", yes=yes or dry_run)
    row = open_client().send("POST", f"/operators/{segment(name)}/disable", {"dry_run": dry_run})
    print_done("operator", name, "disabled", row, output, dry_run=dry_run)


@app.command("log")
def show_log(
    operator: Annotated[str | None, typer.Option(help="Only of this operator.")] = None,
    limit: MaxRows = 50,
    output: Output = Format.TABLE,
) -> None:
    """Show the audit log: who did what to which object, newest first."""
    entries = open_client().find_all("/audit", {"operator": operator}, limit=limit)
    print_rows(entries, _LOG_COLUMNS, output, kind="entry", key="id")


def _print_token(row: dict[str, Any], verb: str, output: Format, *, dry_run: bool) -> None:
    if output is Format.JSON:
        print_json(row)
        return
    if row["token"] is not None:
        # Alone on stdout, so that it can go into a file; the rest is for people.
        note(f"operator/{row['name']} {verb}; its token is shown this once:")
        typer.echo(row["token"])
    else:
        print_done("operator", row["name"], verb, row, output, dry_run=dry_run)


def _brief(value: Any) -> str:
    return " → ".join(map(str, value)) if isinstance(value, list) else str(value)
