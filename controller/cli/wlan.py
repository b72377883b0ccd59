"""`kolco wlan`: the networks on the air."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from controller.cli.client import ApiClient, open_client, segment
from controller.cli.output import (
    Column,
    DryRun,
    Format,
    Output,
    Yes,
    confirm,
    note,
    print_done,
    print_row,
    print_rows,
)

app = typer.Typer(no_args_is_help=True, help="The networks on the air.")


class _Security(StrEnum):
    OPEN = "open"
    OWE = "owe"
    OWE_TRANSITION = "owe-transition"


class _Band(StrEnum):
    GHZ_2 = "2.4"
    GHZ_5 = "5"
    GHZ_6 = "6"


_COLUMNS = (
    Column("NAME", "id"),
    Column("SSID", "ssid"),
    Column("SECURITY", "security"),
    Column("BANDS", lambda row: ",".join(row["bands"])),
    Column("SITES", lambda row: "all" if row["all_sites"] else len(row["sites"])),
    Column("ENABLED", "enabled"),
    Column("VLAN", "vlan", wide=True),
    Column("ISOLATE", "isolate", wide=True),
)

_Wlan = Annotated[str, typer.Argument(help="Id of the WLAN.")]
_Bands = Annotated[list[_Band] | None, typer.Option("--band", help="Repeat for more than one.")]
_Vlan = Annotated[int | None, typer.Option("--vlan", min=0, max=4050, help="0: none.")]
_Sites = Annotated[
    list[str] | None, typer.Option("--site", help="Only at this site; repeat for more than one.")
]


@app.command("list")
def list_wlans(output: Output = Format.TABLE) -> None:
    """List the WLANs."""
    print_rows(open_client().find_all("/wlans"), _COLUMNS, output, kind="wlan", key="id")


@app.command()
def show(wlan: _Wlan, output: Output = Format.TABLE) -> None:
    """Show a WLAN."""
    columns = (*_COLUMNS, Column("AT", "sites"))
    print_row(open_client().get(f"/wlans/{segment(wlan)}"), columns, output, kind="wlan", key="id")


@app.command()
def create(
    *,
    wlan: _Wlan,
    ssid: Annotated[str, typer.Option("--ssid", help="Name on the air, at most 32 bytes in UTF-8.")],
    security: Annotated[_Security, typer.Option("--security", help="How it is encrypted.")] = _Security.OPEN,
    band: _Bands = None,
    vlan: _Vlan = None,
    isolate: Annotated[bool, typer.Option(help="Keep stations apart from each other.")] = True,
    enabled: Annotated[bool, typer.Option("--enabled/--disabled", help="On the air or not.")] = True,
    site: _Sites = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Put a new WLAN on the air, everywhere or at the given sites.

    Example: kolco wlan create city --ssid Moscow_WiFi --security owe-transition
    """
    body: dict[str, Any] = {
        "id": wlan,
        "ssid": ssid,
        "security": security,
        "vlan": vlan or None,
        "isolate": isolate,
        "enabled": enabled,
        "sites": site or [],
    }
    if band:
        body["bands"] = band
    client = open_client()
    row = client.send("POST", "/wlans", {"dry_run": dry_run}, json=body)
    print_done("wlan", wlan, "created", row, output, dry_run=dry_run)
    _tell_reach(client, row)


@app.command("set")
def change(
    *,
    wlan: _Wlan,
    ssid: Annotated[str | None, typer.Option("--ssid", help="At most 32 bytes in UTF-8.")] = None,
    security: Annotated[_Security | None, typer.Option("--security", help="How it is encrypted.")] = None,
    band: _Bands = None,
    vlan: _Vlan = None,
    isolate: Annotated[
        bool | None, typer.Option("--isolate/--no-isolate", help="Keep stations apart.")
    ] = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled", help="On the air or not.")] = None,
    site: _Sites = None,
    all_sites: Annotated[bool, typer.Option("--all-sites", help="Offer it everywhere.")] = False,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Change a WLAN; what is not given stays. Every AP that carries it gets a new configuration.

    Example: kolco wlan set city --ssid Москва_Бесплатно --dry-run
    """
    if site and all_sites:
        raise typer.BadParameter("--site and --all-sites exclude each other")
    body = {
        "ssid": ssid,
        "security": security,
        "bands": band or None,
        "vlan": vlan,
        "isolate": isolate,
        "enabled": enabled,
        "sites": [] if all_sites else site or None,
    }
    client = open_client()
    row = client.send("PATCH", f"/wlans/{segment(wlan)}", {"dry_run": dry_run}, json=body)
    print_done("wlan", wlan, "changed", row, output, dry_run=dry_run)
    _tell_reach(client, row)


@app.command()
def remove(wlan: _Wlan, yes: Yes = False, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Take a WLAN off the air for good; its users drop."""
    confirm(f"Take the WLAN {wlan} off every AP?", yes=yes or dry_run)
    row = open_client().send("DELETE", f"/wlans/{segment(wlan)}", {"dry_run": dry_run})
    print_done("wlan", wlan, "removed", row, output, dry_run=dry_run)


def _tell_reach(client: ApiClient, wlan: dict[str, Any]) -> None:
    """Say on stderr how many APs a WLAN reaches."""
    places = [None] if wlan["all_sites"] else wlan["sites"]
    reach = 0
    for site in places:
        reach += client.get("/access-points", {"state": "adopted", "site": site, "limit": 1})["total"]
    note(f"{reach} adopted access points carry it; kolco config status shows how far they are")
