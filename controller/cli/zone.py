"""`kolco zone`: the rings of the city."""

from typing import Annotated

import typer

from controller.cli.client import open_client, segment
from controller.cli.output import Column, Format, Output, print_row, print_rows

app = typer.Typer(no_args_is_help=True, help="The rings of the city.")

_COLUMNS = (
    Column("NAME", "id"),
    Column("APS", "access_points", right=True),
    Column("TITLE", "name"),
    Column("TITLE_EN", "name_en", wide=True),
)


@app.command("list")
def list_zones(output: Output = Format.TABLE) -> None:
    """List the zones and how many APs stand in each."""
    print_rows(open_client().find_all("/zones"), _COLUMNS, output, kind="zone", key="id")


@app.command()
def show(zone: Annotated[str, typer.Argument(help="Id of the zone.")], output: Output = Format.TABLE) -> None:
    """Show a zone; `-o json` holds its polygon."""
    print_row(open_client().get(f"/zones/{segment(zone)}"), _COLUMNS, output, kind="zone", key="id")
