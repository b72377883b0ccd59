"""`kolco radius realm`: which home servers answer for the users of which realm.

Works on the database of this machine's settings; RADIUS takes a change over at once.
"""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from controller.cli.local import opened, record
from controller.cli.output import Column, Format, Output, Yes, confirm, print_done, print_rows
from controller.roaming import service

__all__ = ["app"]

app = typer.Typer(name="realm", help="Who answers for the users of which realm.", no_args_is_help=True)

_COLUMNS = (
    Column("REALM", "pattern"),
    Column("HOMES", lambda row: ", ".join(row["homes"]) or "here"),
    Column("BALANCE", "balance"),
)
_Pattern = Annotated[
    str,
    typer.Argument(metavar="REALM", help="example.net, *.example.net, DEFAULT (any other) or NULL (none)."),
]


@app.command("list")
def list_realms(output: Output = Format.TABLE) -> None:
    """List the realms; users of a realm that is not listed, and those without one, are ours.

    Example: kolco radius realm list
    """

    async def work() -> list[dict[str, object]]:
        async with opened(write=False) as (tx, _):
            return [asdict(realm) for realm in await service.list_realms(tx)]

    print_rows(asyncio.run(work()), _COLUMNS, output, kind="realm", key="pattern")


@app.command("set")
def set_realm(
    pattern: _Pattern,
    homes: Annotated[
        list[str] | None, typer.Argument(help="Home servers, the first choice first; none: answered here.")
    ] = None,
    *,
    balance: Annotated[
        bool, typer.Option(help="Share users among them; else the first that is alive serves all.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Say who answers for a realm.

    Example: kolco radius realm set "*.3gppnetwork.org" metro-a metro-b
    """

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, _):
            view = await service.set_realm(tx, pattern, homes or (), balance=balance)
            record(tx, "set", "realm", view.pattern[:80], homes=list(view.homes), balance=balance)
            return asdict(view)

    row = asyncio.run(work())
    print_done("realm", row["pattern"], "set", row, output)


@app.command("remove")
def remove_realm(pattern: _Pattern, output: Output = Format.TABLE, *, yes: Yes = False) -> None:
    """Forget a realm.

    Example: kolco radius realm remove example.net --yes
    """
    confirm(f"Forget the realm {pattern}?", yes=yes)

    async def work() -> None:
        async with opened(write=True) as (tx, _):
            await service.remove_realm(tx, pattern)
            record(tx, "removed", "realm", pattern[:80])

    asyncio.run(work())
    print_done("realm", pattern, "removed", {"pattern": pattern, "removed": True}, output)
