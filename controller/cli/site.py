"""`kolco site`: the places where APs stand, and the districts they are in."""

from typing import Annotated

import typer

from controller.cli.client import open_client, segment
from controller.cli.output import (
    Column,
    DryRun,
    Format,
    MaxRows,
    Output,
    print_done,
    print_row,
    print_rows,
)

app = typer.Typer(no_args_is_help=True, help="Sites, and the districts they are in.")

_COLUMNS = (
    Column("NAME", "id"),
    Column("DISTRICT", "district_id"),
    Column("APS", "access_points", right=True),
    Column("CONNECTED", "connected", right=True),
    Column("TITLE", "name"),
    Column("ADDRESS", "address", wide=True),
    Column("LATITUDE", "latitude", wide=True),
    Column("LONGITUDE", "longitude", wide=True),
)
_DISTRICT_COLUMNS = (
    Column("NAME", "id"),
    Column("SITES", "sites", right=True),
    Column("APS", "access_points", right=True),
    Column("TITLE", "name"),
)

_Site = Annotated[str, typer.Argument(help="Id of the site.")]
_Name = Annotated[str | None, typer.Option("--name", help="Name people know it by.")]
_District = Annotated[str | None, typer.Option("--district", help="Id of a district.")]
_Address = Annotated[str | None, typer.Option("--address", help="Street and house.")]
_Latitude = Annotated[float | None, typer.Option("--latitude", help="Degrees north.")]
_Longitude = Annotated[float | None, typer.Option("--longitude", help="Degrees east.")]


@app.command("list")
def list_sites(district: _District = None, limit: MaxRows = None, output: Output = Format.TABLE) -> None:
    """List sites and how many of their APs are connected."""
    sites = open_client().find_all("/sites", {"district": district}, limit=limit)
    print_rows(sites, _COLUMNS, output, kind="site", key="id")


@app.command()
def show(site: _Site, output: Output = Format.TABLE) -> None:
    """Show a site."""
    print_row(open_client().get(f"/sites/{segment(site)}"), _COLUMNS, output, kind="site", key="id")


@app.command()
def create(
    *,
    site: _Site,
    name: Annotated[str, typer.Option("--name", help="Name people know it by.")],
    district: Annotated[str, typer.Option("--district", help="Id of a district.")],
    latitude: Annotated[float, typer.Option("--latitude", help="Degrees north.")],
    longitude: Annotated[float, typer.Option("--longitude", help="Degrees east.")],
    address: Annotated[str, typer.Option("--address", help="Street and house.")] = "",
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Create a site.

    Example: kolco site create zoo --name Зоопарк --district presnya --latitude 55.76 --longitude 37.58
    """
    body = {
        "id": site,
        "name": name,
        "district_id": district,
        "latitude": latitude,
        "longitude": longitude,
        "address": address,
    }
    row = open_client().send("POST", "/sites", {"dry_run": dry_run}, json=body)
    print_done("site", site, "created", row, output, dry_run=dry_run)


@app.command("set")
def change(
    *,
    site: _Site,
    name: _Name = None,
    district: _District = None,
    latitude: _Latitude = None,
    longitude: _Longitude = None,
    address: _Address = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Change a site; what is not given stays."""
    body = {
        "name": name,
        "district_id": district,
        "latitude": latitude,
        "longitude": longitude,
        "address": address,
    }
    row = open_client().send("PATCH", f"/sites/{segment(site)}", {"dry_run": dry_run}, json=body)
    print_done("site", site, "changed", row, output, dry_run=dry_run)


@app.command("districts")
def list_districts(output: Output = Format.TABLE) -> None:
    """List the districts."""
    print_rows(open_client().find_all("/districts"), _DISTRICT_COLUMNS, output, kind="district", key="id")


@app.command("create-district")
def create_district(
    district: Annotated[str, typer.Argument(help="Id of the district.")],
    name: Annotated[str, typer.Option("--name", help="Name people know it by.")],
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Create a district."""
    body = {"id": district, "name": name}
    row = open_client().send("POST", "/districts", {"dry_run": dry_run}, json=body)
    print_done("district", district, "created", row, output, dry_run=dry_run)
