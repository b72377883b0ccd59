"""`kolco plan`: what a session gets: time, rate, volume."""

from enum import StrEnum
from typing import Annotated

import typer

from controller.cli.client import open_client, segment
from controller.cli.output import Column, DryRun, Format, Output, print_done, print_rows
from controller.core.errors import NotFoundError

app = typer.Typer(no_args_is_help=True, help="What a session gets: time, rate, volume.")

_COLUMNS = (
    Column("NAME", "id"),
    Column("TITLE", "name"),
    Column("TIME_S", "session_timeout_s", right=True),
    Column("IDLE_S", "idle_timeout_s", right=True),
    Column("REMEMBER_S", "remember_s", right=True),
    Column("DOWN_KBPS", "rate_down_kbps", right=True),
    Column("UP_KBPS", "rate_up_kbps", right=True),
    Column("QUOTA_BYTES", "quota_bytes", right=True),
    Column("DEVICES", "simultaneous_use", right=True),
    Column("INTERIM_S", "interim_s", wide=True, right=True),
    Column("DAILY_BYTES", "daily_quota_bytes", wide=True, right=True),
    Column("MONTHLY_BYTES", "monthly_quota_bytes", wide=True, right=True),
    Column("WHEN_FULL", "when_full", wide=True),
    Column("VLAN", "vlan", wide=True, right=True),
    Column("FILTER", "filter_id", wide=True),
)
_LIMITS = (
    "rate_down_kbps", "rate_up_kbps", "quota_bytes", "daily_quota_bytes", "monthly_quota_bytes", "vlan",
)  # fmt: skip
"""Fields that can be without a limit, which 0 says on the command line."""

_Rate = Annotated[int | None, typer.Option(min=0, help="In kbit/s; 0: no limit.", show_default=False)]

_Quota = Annotated[
    int | None,
    typer.Option(
        min=0, help="Both directions, of all the account's devices; 0: no limit.", show_default=False
    ),
]


class _WhenFull(StrEnum):
    REPLACE = "replace"
    REFUSE = "refuse"


@app.command("list")
def list_plans(output: Output = Format.TABLE) -> None:
    """List the plans."""
    print_rows(open_client().find_all("/plans"), _COLUMNS, output, kind="plan", key="id")


@app.command()
def create(
    plan: Annotated[str, typer.Argument(help="Id of the plan.")],
    *,
    name: Annotated[str, typer.Option(help="Name for people.")],
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Make a plan with the usual limits: a day, five devices, no rate and no volume. `set` changes them.

    Example: kolco plan create guest --name "Гость"
    """
    row = open_client().send("PUT", f"/plans/{segment(plan)}", {"dry_run": dry_run}, json={"name": name})
    print_done("plan", plan, "created", row, output, dry_run=dry_run)


@app.command("set")
def change(
    plan: Annotated[str, typer.Argument(help="Id of the plan.")],
    *,
    name: Annotated[str | None, typer.Option(help="Name for people.")] = None,
    session_timeout_s: Annotated[int | None, typer.Option(min=60, help="Longest session.")] = None,
    idle_timeout_s: Annotated[int | None, typer.Option(min=60, help="Longest silence.")] = None,
    remember_s: Annotated[
        int | None, typer.Option(min=0, help="How long a device is let in again with no page.")
    ] = None,
    interim_s: Annotated[int | None, typer.Option(min=60, help="Between two accounting records.")] = None,
    rate_down_kbps: _Rate = None,
    rate_up_kbps: _Rate = None,
    quota_bytes: Annotated[
        int | None, typer.Option(min=0, help="Both directions, per session; 0: no limit.")
    ] = None,
    simultaneous_use: Annotated[int | None, typer.Option(min=1, help="Devices at once.")] = None,
    daily_quota_bytes: _Quota = None,
    monthly_quota_bytes: _Quota = None,
    when_full: Annotated[
        _WhenFull | None,
        typer.Option(help="With all devices online: end the oldest session, or refuse the next by RADIUS."),
    ] = None,
    vlan: Annotated[
        int | None, typer.Option(min=0, max=4094, help="VLAN into which RADIUS puts the device; 0: none.")
    ] = None,
    filter_id: Annotated[
        str | None, typer.Option("--filter", help="Filter or role the access point knows; empty: none.")
    ] = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Change a plan; what is not given stays. Sessions that are open keep what they have.

    Example: kolco plan set guest --session-timeout-s 7200 --rate-down-kbps 5000
    """
    client = open_client()
    found = [row for row in client.find_all("/plans") if row["id"] == plan]
    if not found:
        raise NotFoundError(f"there is no plan {plan!r}", hint="`kolco plan list` shows them")
    given = {
        "name": name,
        "session_timeout_s": session_timeout_s,
        "idle_timeout_s": idle_timeout_s,
        "remember_s": remember_s,
        "interim_s": interim_s,
        "rate_down_kbps": rate_down_kbps,
        "rate_up_kbps": rate_up_kbps,
        "quota_bytes": quota_bytes,
        "simultaneous_use": simultaneous_use,
        "daily_quota_bytes": daily_quota_bytes,
        "monthly_quota_bytes": monthly_quota_bytes,
        "when_full": when_full,
        "vlan": vlan,
        "filter_id": filter_id,
    }
    body = {key: value for key, value in found[0].items() if key != "id"}
    for key, value in given.items():
        if value is not None:
            body[key] = None if key in _LIMITS and value == 0 else value
    row = client.send("PUT", f"/plans/{segment(plan)}", {"dry_run": dry_run}, json=body)
    print_done("plan", plan, "changed", row, output, dry_run=dry_run)
