"""`kolco session`: who is online."""

from typing import Annotated

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
    print_done,
    print_row,
    print_rows,
    size,
)

app = typer.Typer(no_args_is_help=True, help="Who is online, and putting somebody off.")

_COLUMNS = (
    Column("NAME", "id"),
    Column("MAC", "mac"),
    Column("IP", "ip"),
    Column("GATEWAY", "gateway_id"),
    Column("METHOD", "method"),
    Column("DOWN", lambda row: size(row["down_bytes"]), right=True),
    Column("UP", lambda row: size(row["up_bytes"]), right=True),
    Column("AP", "ap_serial", wide=True),
    Column("SITE", "site_id", wide=True),
    Column("SSID", "ssid", wide=True),
    Column("PLAN", "plan_id", wide=True),
    Column("ACCOUNT", "account_id", wide=True),
    Column("ENDED", lambda row: row["end_reason"] or None, wide=True),
    Column("AGE", lambda row: age(row["started_at"])),
)
_DETAILS = (
    *_COLUMNS,
    Column("STARTED", "started_at"),
    Column("EXPIRES", "expires_at"),
    Column("SECONDS_LEFT", "seconds_remaining"),
    Column("BYTES_LEFT", "bytes_remaining"),
    Column("ENDED_AT", "ended_at"),
    Column(
        "ACCOUNTING",
        lambda row: "\n".join(
            f"{record['at']} {record['kind']} {record['terminate_cause']}".rstrip()
            for record in row["accounting"]
        ),
    ),
)


@app.command("list")
def list_sessions(
    *,
    gateway: Annotated[str | None, typer.Option(help="Id of a gateway.")] = None,
    site: Annotated[str | None, typer.Option(help="Id of a site.")] = None,
    account: Annotated[str | None, typer.Option(help="Id of an account.")] = None,
    every: Annotated[bool, typer.Option("--all", "-a", help="Also those that are over.")] = False,
    limit: MaxRows = None,
    output: Output = Format.TABLE,
) -> None:
    """List sessions, newest first.

    Example: kolco session list --gateway gw-1 -o wide
    """
    wanted = {"gateway": gateway, "site": site, "account": account, "open": not every}
    sessions = open_client().find_all("/sessions", wanted, limit=limit)
    print_rows(sessions, _COLUMNS, output, kind="session", key="id")


@app.command()
def show(
    session: Annotated[str, typer.Argument(help="Id of the session.")], output: Output = Format.TABLE
) -> None:
    """Show a session and its accounting."""
    print_row(open_client().get(f"/sessions/{segment(session)}"), _DETAILS, output, kind="session", key="id")


@app.command()
def end(
    *,
    session: Annotated[str, typer.Argument(help="Id of the session.")],
    forget: Annotated[
        bool, typer.Option("--forget/--keep", help="Have the device log in again, or let it come back.")
    ] = True,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """End a session: the gate closes.

    Example: kolco session end 01JD3Z… --yes
    """
    confirm(f"End the session {session}?", yes=yes or dry_run)
    body = {"forget": forget}
    row = open_client().send("POST", f"/sessions/{segment(session)}/end", {"dry_run": dry_run}, json=body)
    print_done("session", session, "ended", row, output, dry_run=dry_run)
