"""`kolco radius cui`: the Chargeable-User-Identity (RFC 4372) by which operators know a person.

Works on this machine's database; running RADIUS daemons hear of a change at once.
"""

import asyncio
from typing import Annotated

import typer

from controller.cli.local import opened, record
from controller.cli.output import Column, Format, Output, print_done, print_row
from controller.core.clock import SystemClock
from controller.core.settings import CoreSettings
from radius.cui import CUI_KEY, CuiIssuer
from radius.policy import service
from radius.settings import RadiusSettings

__all__ = ["app"]

app = typer.Typer(name="cui", help="By which identity operators know a person.", no_args_is_help=True)

_Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id of the account.")]


@app.command()
def show(
    account: _Account,
    operator: Annotated[
        str, typer.Option(help="Operator-Name of the visited operator; left out: the city's own network.")
    ] = "",
    *,
    output: Output = Format.TABLE,
) -> None:
    """Show the identity that an operator is told now.

    Example: kolco radius cui show 01j0000000000000000000000a --operator 1metro.example
    """

    async def work() -> str:
        async with opened(write=False) as (tx, secrets):
            issuer = CuiIssuer(
                secrets.get(CUI_KEY), monthly=RadiusSettings.load().cui_monthly, zone=CoreSettings.load().zone
            )
            issuer.set_resets(await service.list_cui_resets(tx))
            return issuer.issue(account, operator.encode(), SystemClock().now().timestamp()).decode()

    row = {"account": account, "operator": operator, "cui": asyncio.run(work())}
    columns = (Column("ACCOUNT", "account"), Column("OPERATOR", "operator"), Column("CUI", "cui"))
    print_row(row, columns, output, kind="cui", key="cui")


@app.command()
def reset(account: _Account, *, output: Output = Format.TABLE) -> None:
    """Give a person another identity for every operator, on their request; it is not linked to the last.

    Example: kolco radius cui reset 01j0000000000000000000000a
    """

    async def work() -> None:
        async with opened(write=True) as (tx, _):
            now = SystemClock().now()
            await service.reset_cui(tx, account, now)
            record(tx, "cui-reset", "account", account)

    asyncio.run(work())
    print_done("account", account, "has another identity", {"id": account, "reset": True}, output)
