"""`kolco config`: what APs should run, and how far they are."""

import json
from typing import Annotated, Any

import typer

from controller.cli.client import ApiClient, ap_path, open_client
from controller.cli.output import (
    Column,
    ExitCode,
    Format,
    Output,
    age,
    note,
    print_json,
    print_row,
    print_rows,
)

app = typer.Typer(no_args_is_help=True, help="What access points should run, and how far they are.")

_COUNTS = (
    Column("TOTAL", "total"),
    Column("ACKNOWLEDGED", "acknowledged"),
    Column("PENDING", "pending"),
    Column("SENT", "sent"),
    Column("REJECTED", "rejected"),
    Column("FAILED", "failed"),
    Column("NONE", "none"),
)
_FACTS = (
    Column("STATUS", "status"),
    Column("DESIRED_UUID", "desired_uuid"),
    Column("ACKNOWLEDGED_UUID", "acknowledged_uuid"),
    Column("RUNNING_UUID", "running_uuid"),
    Column("DESIRED_AT", "desired_at"),
    Column("SENT", lambda row: f"{age(row['sent_at'])} ago" if row["sent_at"] else None),
    Column("REJECTED", "rejected"),
    Column("ERROR", "error"),
)
_CHANGES = (
    Column("PATH", "path"),
    Column("KIND", "kind"),
    Column("OLD", lambda row: _brief(row["old"])),
    Column("NEW", lambda row: _brief(row["new"])),
)

_Ap = Annotated[str, typer.Argument(help="Serial in any notation, or exact name.")]


@app.command()
def status(
    *,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 unless every AP acknowledged.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Count adopted APs by how far their configuration is.

    Example: kolco config status --exit-code || kolco ap list --config rejected
    """
    counts = open_client().get("/config/status")
    if output is Format.JSON:
        print_json(counts)
    else:
        print_row(counts, _COUNTS, Format.TABLE, kind="config", key="total")
    if exit_code and counts["acknowledged"] != counts["total"]:
        raise typer.Exit(ExitCode.ERROR)


@app.command()
def show(ap: _Ap, output: Output = Format.TABLE) -> None:
    """Show the configuration an AP should run: on stdout the configuration, on stderr how far it is."""
    config = _get(open_client(), ap, "config")
    if output is Format.JSON:
        print_json(config)
        return
    note(f"status: {config['status']}, uuid {config['desired_uuid']}, running {config['running_uuid']}")
    print_json(config["desired"])


@app.command()
def diff(ap: _Ap, output: Output = Format.TABLE) -> None:
    """Compare what an AP runs, acknowledged and should run, and what its WLANs ask for now."""
    client = open_client()
    config = _get(client, ap, "config")
    changes = _get(client, ap, "config/diff")["changes"]
    facts = {key: value for key, value in config.items() if key != "desired"}
    if output is Format.JSON:
        print_json(facts | {"changes": changes})
        return
    print_row(facts, _FACTS, Format.TABLE, kind="config", key="serial")
    if changes:
        typer.echo()
        print_rows(changes, _CHANGES, Format.TABLE, kind="change", key="path")
    else:
        note("the stored configuration is what its WLANs and site ask for")


def _get(client: ApiClient, ap: str, what: str) -> Any:
    return client.get(f"{ap_path(client, ap)}/{what}")


def _brief(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
