"""`kolco doctor`: looks at this machine and says what keeps kolco from working. Repairs nothing."""

import asyncio
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from controller.cli.checks import machine, ports, storage
from controller.cli.checks.finding import Finding
from controller.cli.client import open_client
from controller.cli.output import Column, ExitCode, Format, Output, note, print_json, print_rows
from controller.core.errors import KolcoError, UnavailableError
from controller.core.settings import CoreSettings

_COLUMNS = (
    Column("STATUS", "status"),
    Column("CHECK", "name"),
    Column("FOUND", "detail"),
    Column("DO", lambda row: row["fix"] if row["status"] != "pass" else ""),
)


def command(
    *,
    brief: Annotated[bool, typer.Option("--brief", help="Only what needs doing.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Look at this machine and say what keeps kolco from working; ends with 1 if anything does.

    Example: sudo kolco doctor --brief
    """
    findings = look()
    shown = [finding for finding in findings if not brief or finding.status != "pass"]
    if output is Format.JSON:
        print_json([asdict(finding) for finding in shown])
    else:
        print_rows([asdict(finding) for finding in shown], _COLUMNS, output, kind="check", key="name")
    counts = {status: sum(f.status == status for f in findings) for status in ("pass", "warn", "fail")}
    note(", ".join(f"{number} {status}" for status, number in counts.items()))
    if counts["fail"]:
        raise typer.Exit(ExitCode.ERROR)


def look() -> list[Finding]:
    """Run every check."""
    now = datetime.now(UTC)
    findings = [
        machine.check_python(),
        machine.check_compiled(),
        machine.check_root(),
        *machine.check_kernel(root=os.geteuid() == 0),
        *machine.check_tools(),
        machine.check_files(),
        machine.check_clock(now, synchronised=machine.read_clock_state()),
        *ports.check_ports(),
    ]
    try:
        core = CoreSettings.load()
    except KolcoError as error:
        return [*findings, Finding("settings", "fail", error.message, error.hint)]
    return [
        *findings,
        *storage.check_data_dir(core.data_dir),
        *storage.check_certificates(core.data_dir / "pki", now),
        asyncio.run(storage.check_database(core.database)),
        asyncio.run(storage.check_bus(core)),
        check_controller(),
    ]


def check_controller() -> Finding:
    """Ask the controller who we are."""
    try:
        asker = open_client().get("/whoami")
    except UnavailableError as error:
        return Finding("controller", "warn", error.message, "start it with kolco up")
    except KolcoError as error:
        return Finding("controller", "warn", error.message, error.hint)
    return Finding("controller", "pass", f"answers; you are {asker['name']} ({asker['role']})")
