"""`kolco voucher`: codes that let a guest in without a phone number."""

import re
from typing import Annotated

import typer

from controller.cli.client import open_client
from controller.cli.output import (
    Column,
    DryRun,
    Format,
    MaxRows,
    Output,
    age,
    note,
    print_json,
    print_rows,
)

app = typer.Typer(no_args_is_help=True, help="Codes that let a guest in without a phone number.")

_SPAN = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

_COLUMNS = (
    Column("NAME", "id"),
    Column("PLAN", "plan_id"),
    Column("BATCH", "batch"),
    Column("USED", lambda row: row["redeemed_at"] is not None),
    Column("EXPIRES", "expires_at"),
    Column("AGE", lambda row: age(row["created_at"])),
)


def parse_span(text: str) -> int:
    """Return a length of time such as 90m, 24h or 7d in seconds; BadParameter for anything else."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a time like 90m, 24h or 7d")
    return int(match[1]) * _SECONDS[match[2]]


@app.command()
def create(
    *,
    plan: Annotated[str, typer.Option(help="Id of the plan that it gives.")],
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 1,
    valid: Annotated[str, typer.Option(metavar="TIME", help="How long: 90m, 24h, 7d.")] = "24h",
    batch: Annotated[str, typer.Option(help="A name to find them by.")] = "",
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Make vouchers; the codes are shown this once, one a line.

    Example: kolco voucher create --plan city --count 20 --valid 24h --batch library > codes.txt
    """
    body = {"plan_id": plan, "count": count, "valid_s": parse_span(valid), "batch": batch}
    row = open_client().send("POST", "/vouchers", {"dry_run": dry_run}, json=body)
    if output is Format.JSON:
        print_json(row)
        return
    for code in row["codes"]:
        typer.echo(code)
    made = "would be made" if dry_run else "made; the codes are shown this once"
    note(f"{row['count']} vouchers of the plan {row['plan_id']} {made}; valid until {row['expires_at']}")


@app.command("list")
def list_vouchers(
    *,
    batch: Annotated[str | None, typer.Option(help="Only of this batch.")] = None,
    limit: MaxRows = None,
    output: Output = Format.TABLE,
) -> None:
    """List vouchers, oldest first, without their codes."""
    vouchers = open_client().find_all("/vouchers", {"batch": batch}, limit=limit)
    print_rows(vouchers, _COLUMNS, output, kind="voucher", key="id")
