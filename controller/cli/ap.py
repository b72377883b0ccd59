"""`kolco ap`: the access points, by serial or exact name."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.cli.client import ap_path, open_client
from controller.cli.output import (
    Column,
    DryRun,
    ExitCode,
    Format,
    MaxRows,
    Output,
    Yes,
    age,
    confirm,
    note,
    print_done,
    print_json,
    print_row,
    print_rows,
)
from controller.core.secrets import write_private

app = typer.Typer(no_args_is_help=True, help="The access points, by serial or exact name.")


class _State(StrEnum):
    PLANNED = "planned"
    ADOPTED = "adopted"
    RETIRED = "retired"


class _Config(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    FAILED = "failed"


class _FileFormat(StrEnum):
    CSV = "csv"
    GEOJSON = "geojson"


class _Message(StrEnum):
    STATE = "state"
    HEALTHCHECK = "healthcheck"


_COLUMNS = (
    Column("NAME", "name"),
    Column("SERIAL", "serial"),
    Column("STATE", "state"),
    Column("CONNECTED", "connected"),
    Column("CLIENTS", "clients", right=True),
    Column("CONFIG", "config_status"),
    Column("SITE", "site_id", wide=True),
    Column("DISTRICT", "district_id", wide=True),
    Column("ZONE", "zone_id", wide=True),
    Column("MODEL", "model", wide=True),
    Column("FIRMWARE", "firmware", wide=True),
    Column("SEEN", lambda row: age(row["last_seen_at"])),
)
_DETAILS = (
    *_COLUMNS,
    Column("MAC", "mac"),
    Column("LATITUDE", "latitude"),
    Column("LONGITUDE", "longitude"),
    Column("CONNECTED_SINCE", "connected_at"),
    Column("LAST_REBOOT", "last_reboot_reason"),
    Column("CONFIG_ERROR", lambda row: (row["config"] or {}).get("error")),
    Column("CONFIG_REJECTED", lambda row: (row["config"] or {}).get("rejected")),
    Column("RADIOS", lambda row: [_radio(radio) for radio in row["summary"].get("radios", [])]),
    Column("EVENTS", lambda row: "\n".join(_event(event) for event in row["events"])),
)
_SUFFIXES = {".csv": "csv", ".txt": "csv", ".geojson": "geojson", ".json": "geojson"}
_MEDIA_TYPES = {"csv": "text/csv", "geojson": "application/geo+json"}

_Ap = Annotated[str, typer.Argument(help="Serial in any notation, or exact name.")]


@app.command("list")
def list_aps(
    *,
    zone: Annotated[str | None, typer.Option(help="Zone id; none: outside every zone.")] = None,
    district: Annotated[str | None, typer.Option(help="Id of a district.")] = None,
    site: Annotated[str | None, typer.Option(help="Id of a site.")] = None,
    state: Annotated[_State | None, typer.Option(help="Where it stands in its life.")] = None,
    connected: Annotated[
        bool | None, typer.Option("--connected/--disconnected", help="Connected now or not.")
    ] = None,
    config: Annotated[_Config | None, typer.Option(help="How far its configuration is.")] = None,
    search: Annotated[str | None, typer.Option(help="Part of the name or the serial.")] = None,
    limit: MaxRows = None,
    output: Output = Format.TABLE,
) -> None:
    """List APs; all that match, unless --limit is given.

    Example: kolco ap list --zone garden-ring --disconnected -o wide
    """
    wanted = {
        "zone": zone,
        "district": district,
        "site": site,
        "state": state,
        "connected": connected,
        "config": config,
        "text": search,
    }
    aps = open_client().find_all("/access-points", wanted, limit=limit)
    print_rows(aps, _COLUMNS, output, kind="ap", key="serial")


@app.command()
def show(ap: _Ap, output: Output = Format.TABLE) -> None:
    """Show an AP with its state, configuration and last events."""
    client = open_client()
    print_row(client.get(ap_path(client, ap)), _DETAILS, output, kind="ap", key="serial")


@app.command()
def adopt(
    *,
    ap: _Ap,
    site: Annotated[str | None, typer.Option(help="Site of a new AP.")] = None,
    latitude: Annotated[float | None, typer.Option(help="Degrees north.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Degrees east.")] = None,
    name: Annotated[str | None, typer.Option(help="Left out: the serial.")] = None,
    model: Annotated[str, typer.Option(help="Model of a new AP.")] = "",
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Let an AP connect: one in the inventory, or a new one with --site, --latitude and --longitude.

    Example: kolco ap adopt 02c0de000001 --site zoo --latitude 55.761 --longitude 37.578
    """
    client = open_client()
    if site is None and latitude is None and longitude is None:
        row = client.send("POST", f"{ap_path(client, ap)}/adopt", {"dry_run": dry_run})
    elif site is None or latitude is None or longitude is None:
        raise typer.BadParameter("a new AP needs --site, --latitude and --longitude")
    else:
        body = {
            "serial": ap,
            "name": name,
            "model": model,
            "site_id": site,
            "latitude": latitude,
            "longitude": longitude,
        }
        row = client.send("POST", "/access-points", {"dry_run": dry_run}, json=body)
    print_done("ap", row["serial"], "adopted", row, output, dry_run=dry_run)


@app.command("set")
def change(
    *,
    ap: _Ap,
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    model: Annotated[str | None, typer.Option(help="New model.")] = None,
    site: Annotated[str | None, typer.Option(help="Id of another site.")] = None,
    latitude: Annotated[float | None, typer.Option(help="Degrees north.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Degrees east.")] = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Change an AP's record; new coordinates give it a new zone."""
    body = {
        "name": name,
        "model": model,
        "site_id": site,
        "latitude": latitude,
        "longitude": longitude,
    }
    client = open_client()
    row = client.send("PATCH", ap_path(client, ap), {"dry_run": dry_run}, json=body)
    print_done("ap", row["serial"], "changed", row, output, dry_run=dry_run)


@app.command()
def enrol(
    ap: _Ap,
    *,
    out: Annotated[Path, typer.Option(file_okay=False, help="Directory of the files.")],
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Issue the certificate with which an AP connects: cert.pem, key.pem and cas.pem.

    The key is made now and kept nowhere else; enrolling again replaces a lost one.

    Example: kolco ap enrol 02c0de000001 --out ./02c0de000001
    """
    client = open_client()
    row = client.send("POST", f"{ap_path(client, ap)}/certificate", {"dry_run": dry_run})
    if not dry_run:
        for name, part in (("cert.pem", "certificate"), ("key.pem", "key"), ("cas.pem", "authority")):
            (out / name).unlink(missing_ok=True)
            write_private(out / name, row[part].encode())
    shown = {"serial": row["serial"], "directory": str(out)}
    print_done("ap", row["serial"], f"enrolled, files in {out}", shown, output, dry_run=dry_run)


@app.command()
def retire(ap: _Ap, yes: Yes = False, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Refuse an AP from now on: it is cut off; its record stays."""
    confirm(f"Retire {ap}? Its clients drop.", yes=yes or dry_run)
    client = open_client()
    row = client.send("POST", f"{ap_path(client, ap)}/retire", {"dry_run": dry_run})
    print_done("ap", row["serial"], "retired", row, output, dry_run=dry_run)


@app.command()
def reboot(ap: _Ap, yes: Yes = False, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Have a connected AP restart."""
    confirm(f"Reboot {ap}? Its clients drop for a minute or two.", yes=yes or dry_run)
    client = open_client()
    row = client.send("POST", f"{ap_path(client, ap)}/reboot", {"dry_run": dry_run})
    print_done("ap", row["serial"], "asked to reboot", row, output, dry_run=dry_run)


@app.command()
def locate(
    ap: _Ap,
    duration: Annotated[int, typer.Option(min=1, max=3600, help="Seconds.")] = 60,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Have a connected AP blink, so that somebody on the street finds it."""
    client = open_client()
    row = client.send(
        "POST", f"{ap_path(client, ap)}/locate", {"dry_run": dry_run}, json={"duration_s": duration}
    )
    print_done("ap", row["serial"], f"asked to blink for {duration} s", row, output, dry_run=dry_run)


@app.command()
def request(
    ap: _Ap,
    message: Annotated[_Message, typer.Option(help="What to send.")] = _Message.STATE,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Have a connected AP send its state or health now instead of at its time."""
    client = open_client()
    row = client.send(
        "POST", f"{ap_path(client, ap)}/request", {"dry_run": dry_run}, json={"message": message}
    )
    print_done("ap", row["serial"], f"asked for {message}", row, output, dry_run=dry_run)


@app.command("import")
def import_aps(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or GeoJSON.")],
    kind: Annotated[
        _FileFormat | None, typer.Option("--format", help="Left out: by the file's ending.")
    ] = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Import APs from a file, all or none; every bad row is told by its line.

    CSV: the first line names the columns serial, site, latitude, longitude and, if you like, name,
    mac, model, state (planned or adopted); commas, semicolons or tabs. GeoJSON: a FeatureCollection
    of Points with the same names as properties.

    Example: kolco ap import aps.csv --dry-run
    """
    given = kind or _SUFFIXES.get(file.suffix.lower())
    if given is None:
        raise typer.BadParameter(f"{file.suffix or 'no ending'}: give --format csv or geojson")
    result: Any = open_client().send(
        "POST",
        "/access-points/import",
        {"format": given, "dry_run": dry_run},
        content=file.read_bytes(),
        media_type=_MEDIA_TYPES[given],
    )
    if output is Format.JSON:
        print_json(result)
    elif output is Format.NAME:
        typer.echo("".join(f"ap/{serial}\n" for serial in result["serials"]), nl=False)
    else:
        typer.echo(f"{result['imported']} APs {'would be ' if dry_run else ''}imported")
    if result["outside"]:
        note(f"{result['outside']} of them lie outside every zone")
    raise typer.Exit(ExitCode.OK)


def _radio(radio: dict[str, Any]) -> str:
    return f"{radio.get('band', '?')} GHz ch {radio.get('channel', '?')} {radio.get('tx_power_dbm', '?')} dBm"


def _event(event: dict[str, Any]) -> str:
    said = event["data"].get("log") or event["data"].get("reason") or ""
    return f"{age(event['at']):>4}  {event['kind']} {said}".rstrip()
