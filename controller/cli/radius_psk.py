"""`kolco radius psk`: network keys of single devices, for SSIDs of WPA2-Personal that ask RADIUS for them.

Works on the database of this machine's settings; it needs no running controller.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from controller.cli.local import opened, record
from controller.cli.output import (
    Column,
    Format,
    Output,
    Yes,
    confirm,
    note,
    print_done,
    print_rows,
)
from controller.cli.radius_issued import DAY_S, STATE_COLUMNS, issued_row
from controller.core.clock import SystemClock
from controller.core.errors import InvalidInputError
from controller.core.mac import parse_mac
from controller.directory import network_keys
from controller.directory.service import Directory

__all__ = ["app"]

app = typer.Typer(
    name="psk", help="Network keys of single devices (MPSK), one passphrase each.", no_args_is_help=True
)


_COLUMNS = (
    Column("USERNAME", "username"),
    Column("SSID", "ssid"),
    Column("DEVICE", lambda row: row["mac"] or "any"),
    *STATE_COLUMNS,
)


@app.command("issue")
def issue(
    mac: Annotated[str, typer.Option(help="The device's MAC address; it has logged in before.")],
    ssid: Annotated[str, typer.Option(help="The network the key is for.")],
    any_device: Annotated[
        bool,
        typer.Option(
            "--any-device",
            help="Other devices may use it too and count as this one, where access points show handshakes.",
        ),
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days it is good for.")] = 365,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Issue a passphrase for a device in one network; it is told once.

    Example: kolco radius psk issue --mac 02:00:00:00:00:01 --ssid Dom-25
    """

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, secrets):
            new = await network_keys.issue(
                tx,
                Directory(secrets),
                secrets,
                mac=parse_mac(mac),
                ssid=ssid,
                any_device=any_device,
                now=SystemClock().now(),
                valid_s=days * DAY_S,
            )
            record(tx, "issued", "network key", new.username, ssid=ssid, days=days)
            return issued_row(new)

    row = asyncio.run(work())
    print_done("network key", str(row["username"]), "issued", row, output)
    if output is not Format.JSON:
        note(f"passphrase, shown this once: {row['passphrase']}")


@app.command("list")
def list_keys(
    mac: Annotated[str, typer.Option(help="Those of this device.")] = "",
    ssid: Annotated[str, typer.Option(help="Those of this network.")] = "",
    *,
    output: Output = Format.TABLE,
) -> None:
    """List network keys of a device or a network, the newest first.

    Example: kolco radius psk list --ssid Dom-25
    """
    if not mac and not ssid:
        raise InvalidInputError("name a device with --mac or a network with --ssid")

    async def work() -> Sequence[dict[str, object]]:
        async with opened(write=False) as (tx, _):
            keys = await network_keys.list_of(tx, mac=parse_mac(mac) if mac else None, ssid=ssid or None)
            return [issued_row(key) for key in keys]

    print_rows(asyncio.run(work()), _COLUMNS, output, kind="network key", key="username")


@app.command("revoke")
def revoke(
    username: Annotated[str, typer.Argument(help="The key's name.")],
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Refuse a network key from the next time on that a device joins with it.

    Example: kolco radius psk revoke d-01j0000000000000000000000a --yes
    """
    confirm(f"Revoke {username}? Devices that have it are refused when they join next.", yes=yes)

    async def work() -> None:
        async with opened(write=True) as (tx, _):
            await network_keys.revoke(tx, username=username, now=SystemClock().now())
            record(tx, "revoked", "network key", username)

    asyncio.run(work())
    print_done("network key", username, "revoked", {"username": username}, output)
