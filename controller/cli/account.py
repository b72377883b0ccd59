"""`kolco account`: accounts of citizens. Phone numbers are shown masked only."""

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
    print_json,
    print_row,
    print_rows,
)

app = typer.Typer(no_args_is_help=True, help="Accounts of citizens; phone numbers are masked.")

_COLUMNS = (
    Column("NAME", "id"),
    Column("STATUS", "status"),
    Column("PLAN", "plan_id"),
    Column("DEVICES", "devices", right=True),
    Column("KNOWN_BY", "identities"),
    Column("LOCALE", "locale", wide=True),
    Column("AGE", lambda row: age(row["created_at"])),
)
_DETAILS = (
    *_COLUMNS,
    Column("MACS", lambda row: "\n".join(_device(device) for device in row["device_list"])),
    Column("OPEN_SESSIONS", "open_sessions"),
)

_Account = Annotated[str, typer.Argument(help="Id of the account.")]


@app.command("list")
def list_accounts(
    *,
    phone: Annotated[
        str | None, typer.Option(help="Find the account of this number, +79991234567; the search is logged.")
    ] = None,
    limit: MaxRows = None,
    output: Output = Format.TABLE,
) -> None:
    """List accounts, oldest first, or find the one of a phone number."""
    client = open_client()
    if phone is None:
        accounts = client.find_all("/accounts", limit=limit)
    else:
        accounts = client.send("POST", "/accounts/search", json={"phone": phone})["items"]
    print_rows(accounts, _COLUMNS, output, kind="account", key="id")


@app.command()
def show(account: _Account, output: Output = Format.TABLE) -> None:
    """Show an account with its devices and open sessions."""
    row = open_client().get(f"/accounts/{segment(account)}")
    if output is Format.JSON:
        print_json(row)
        return
    flat = row["account"] | {"device_list": row["devices"], "open_sessions": row["open_sessions"]}
    print_row(flat, _DETAILS, output, kind="account", key="id")


@app.command()
def block(
    account: _Account, *, yes: Yes = False, dry_run: DryRun = False, output: Output = Format.TABLE
) -> None:
    """Block an account: its sessions end, its devices are forgotten, logins are refused."""
    confirm(f"Block the account {account}?", yes=yes or dry_run)
    row = open_client().send("POST", f"/accounts/{segment(account)}/block", {"dry_run": dry_run})
    print_done("account", account, "blocked", row, output, dry_run=dry_run)


@app.command()
def unblock(account: _Account, *, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Let a blocked account log in again."""
    row = open_client().send("POST", f"/accounts/{segment(account)}/unblock", {"dry_run": dry_run})
    print_done("account", account, "unblocked", row, output, dry_run=dry_run)


def _device(device: dict[str, object]) -> str:
    remembered = f", remembered until {device['remembered_until']}" if device["remembered_until"] else ""
    return f"{device['mac']}, login {age(device['last_login_at'])} ago{remembered}"
