"""`kolco radius home`: the RADIUS servers of other operators, to which requests are handed on.

Works on the database of this machine's settings; RADIUS takes a change over at once.
"""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from controller.cli.local import opened, record
from controller.cli.output import Column, Format, Output, Yes, ask_hidden, confirm, print_done, print_rows
from controller.core.errors import InvalidInputError
from controller.roaming import service
from controller.roaming.types import NewHome, Protocol

__all__ = ["app"]

app = typer.Typer(
    name="home", help="RADIUS servers of other operators, to hand requests on to.", no_args_is_help=True
)

_COLUMNS = (
    Column("ID", "id"),
    Column("PROTOCOL", "protocol"),
    Column("HOST", "host"),
    Column("PORT", "auth_port", right=True),
    Column("TRUSTED", "trusted"),
    Column("ENABLED", "enabled"),
    Column("ACCT-PORT", "acct_port", right=True, wide=True),
    Column("NAME", "server_name", wide=True),
)


@app.command("list")
def list_homes(output: Output = Format.TABLE) -> None:
    """List the home servers.

    Example: kolco radius home list
    """

    async def work() -> list[dict[str, object]]:
        async with opened(write=False) as (tx, _):
            return [asdict(home) for home in await service.list_homes(tx)]

    print_rows(asyncio.run(work()), _COLUMNS, output, kind="home", key="id")


@app.command("add")
def add_home(
    home_id: Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters, digits and hyphens.")],
    host: Annotated[str, typer.Argument(help="Its address or host name.")],
    *,
    protocol: Annotated[str, typer.Option(help="udp or radsec (RADIUS over TLS).")] = "udp",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: 1812, or 2083 with radsec.")] = 0,
    acct_port: Annotated[int, typer.Option(min=0, max=65535, help="UDP port of accounting; 0: 1813.")] = 0,
    secret: Annotated[
        str, typer.Option(envvar="KOLCO_HOME_SECRET", help="Shared secret; asked with udp if left out.")
    ] = "",
    server_name: Annotated[
        str, typer.Option(help="radsec: name its certificate must hold; the host if left out.")
    ] = "",
    allow_unsigned: Annotated[
        bool, typer.Option(help="Accept answers without Message-Authenticator: open to CVE-2024-3596.")
    ] = False,
    trusted: Annotated[
        bool, typer.Option(help="Let it also set VLAN, filter and any vendor's attributes.")
    ] = False,
    no_status: Annotated[bool, typer.Option("--no-status", help="It does not answer Status-Server.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Add a home server; `kolco radius realm set` says for which realm it answers.

    Example: kolco radius home add metro aaa.metro.example --protocol radsec
    """
    if protocol not in {"udp", "radsec"}:
        raise InvalidInputError(f"{protocol!r} is neither udp nor radsec", field="protocol")
    known: Protocol = "radsec" if protocol == "radsec" else "udp"
    if known == "udp" and not secret:
        secret = ask_hidden("Shared secret", hint="give it with KOLCO_HOME_SECRET")
    new = NewHome(
        home_id,
        known,
        host,
        port,
        acct_port,
        secret,
        server_name,
        require_message_authenticator=not allow_unsigned,
        trusted=trusted,
        status_server=not no_status,
    )

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, secrets):
            added = await service.add_home(tx, secrets, new)
            record(tx, "created", "home", home_id, host=host, protocol=known, trusted=trusted)
            return asdict(added)

    print_done("home", home_id, "added", asyncio.run(work()), output)


@app.command("remove")
def remove_home(
    home_id: Annotated[str, typer.Argument(metavar="ID")], output: Output = Format.TABLE, *, yes: Yes = False
) -> None:
    """Remove a home server that no realm names any more.

    Example: kolco radius home remove metro --yes
    """
    confirm(f"Remove the home server {home_id}?", yes=yes)

    async def work() -> None:
        async with opened(write=True) as (tx, _):
            await service.remove_home(tx, home_id)
            record(tx, "removed", "home", home_id)

    asyncio.run(work())
    print_done("home", home_id, "removed", {"id": home_id, "removed": True}, output)
