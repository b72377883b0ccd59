"""`kolco radius load`: makes a server work as access points would, and says what it bore.

Sends only where it is allowed to: to this machine, or to a server that is said to be one's own. There is no
shared secret it would try by itself.
"""

import asyncio
import csv
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from controller.cli import radius_nas
from controller.cli.output import Column, ExitCode, Format, Output, Row, note, print_row
from controller.core.errors import InvalidInputError
from controller.core.settings import CoreSettings
from controller.nas import service
from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login, Station
from radius.load.run import learn_classes, run_load

__all__ = ["load"]

_FIELDS = ("username", "password", "mac")
_COLUMNS = (
    "work", "sent", "packets", "answered", "accepted", "rejected", "lost", "strays", "offered_per_second",
    "per_second", "p50_ms", "p90_ms", "p99_ms", "max_ms",
)  # fmt: skip


def load(
    work: Annotated[Work, typer.Argument(help="What to ask.")],
    *,
    nas: Annotated[str, typer.Option(help="Act as this NAS: use its shared secret.")] = "",
    secret: Annotated[
        str, typer.Option(envvar="KOLCO_NAS_SECRET", help="Shared secret, if not by --nas.")
    ] = "",
    server: Annotated[str, typer.Option(help="Address of the RADIUS server.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port; by default 1812, for accounting 1813.")] = 0,
    credentials: Annotated[
        Path | None, typer.Option(help="CSV file of who logs in: username,password,mac; mac may be left out.")
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, help="Logins; for accounting, sessions. All are signed before the start.")
    ] = 10_000,
    interims: Annotated[int, typer.Option(min=0, help="accounting: Interim-Updates of each session.")] = 1,
    login: Annotated[
        bool, typer.Option(help="accounting: log everybody in first by PAP and echo the Class.")
    ] = False,
    auth_port: Annotated[int, typer.Option(help="With --login: the authentication port.")] = 1812,
    rate: Annotated[
        float, typer.Option(min=0, help="Requests a second whatever the server does; for EAP, logins.")
    ] = 0.0,
    in_flight: Annotated[
        int, typer.Option(min=1, help="Without --rate: requests under way at a time.")
    ] = 128,
    seconds: Annotated[float, typer.Option(min=0, help="End sending after this time; 0: send all.")] = 0.0,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds an answer is waited for.")] = 3.0,
    retry: Annotated[
        float, typer.Option(min=0, help="Seconds before the same octets are sent again; 0: never.")
    ] = 0.0,
    sockets: Annotated[int, typer.Option(min=0, help="Source ports; 0: as many as it takes.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Processes that send.")] = 1,
    verify: Annotated[
        int, typer.Option(min=0, help="Verify one answer in so many; 1: all, for EAP also keys.")
    ] = 64,
    unsigned: Annotated[
        bool, typer.Option(help="Believe Access-* answers that have no Message-Authenticator.")
    ] = False,
    called: Annotated[str, typer.Option(help="Called-Station-Id, AP's MAC:SSID.")] = "",
    ca: Annotated[
        Path | None, typer.Option(help="EAP: PEM file of the server's authority; by default kolco's own.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="tls: PEM file of the device's certificate.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="tls: PEM file of its key.")] = None,
    tls: Annotated[str, typer.Option(help="EAP: newest version of TLS to speak: 1.2 or 1.3.")] = "",
    mine: Annotated[
        bool, typer.Option("--this-server-is-mine", help="Needed for a server that is not on this machine.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Make a server work, and say how much it answered how quickly; exit code 1 if an answer was not genuine.

    Example: kolco radius load pap --nas ring-aps --credentials devices.csv --rate 5000 --seconds 10
    Example: kolco radius load accounting --nas ring-aps --count 20000 --in-flight 256
    Example: kolco radius load ttls-pap --nas ring-aps --credentials devices.csv --count 500 --processes 2
    """
    shared = asyncio.run(_read_secret(nas)) if nas else secret.encode()
    accounting = work == Work.ACCOUNTING
    target = Target(server, port or (1813 if accounting else 1812), shared, require=not unsigned)
    if not target.is_loopback and not mine:
        raise InvalidInputError(
            f"{server} is not this machine", hint="if it is yours to load, say so with --this-server-is-mine"
        )
    if tls not in {"", "1.2", "1.3"}:
        raise InvalidInputError("tls is 1.2 or 1.3", field="tls")
    if (certificate is None) != (key is None):
        raise InvalidInputError("certificate and key belong together")
    logins = _read_logins(credentials) if credentials is not None else ()
    plan = LoadPlan(
        work,
        target,
        Pace(rate=rate, in_flight=in_flight, seconds=seconds, timeout_s=timeout, retry_s=retry),
        logins or ((Login("", ""),) if work == Work.TLS else ()),
        count=count,
        interims=interims,
        lanes=sockets,
        verify_every=verify,
        station=Station(called=called),
        ca_pem=_read(ca or CoreSettings.load().data_dir / "pki" / "ca.crt") if work.is_eap else b"",
        identity=None if certificate is None or key is None else (_read(certificate), _read(key)),
        newest_tls=tls,
    )
    if login:
        classes = learn_classes(replace(plan, target=replace(target, port=auth_port)))
        note(f"{sum(map(bool, classes))} of {len(classes)} logins got a Class")
        plan = replace(plan, classes=classes)
    report = run_load(plan, processes=processes).to_json()
    columns = [Column(name.upper().replace("_", "-"), name) for name in _COLUMNS]
    columns += [Column(name.upper(), partial(_fault, name)) for name in report["faults"]]
    print_row(report, columns, output, kind="load", key="work")
    raise typer.Exit(ExitCode.ERROR if report["faults"] else ExitCode.OK)


async def _read_secret(nas: str) -> bytes:
    async with radius_nas.opened(write=False) as (tx, secrets):
        return await service.read_secret(tx, secrets, nas)


def _fault(name: str, row: Row) -> object:
    return row["faults"][name]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror}") from error


def _read_logins(path: Path) -> tuple[Login, ...]:
    lines = csv.reader(_read(path).decode("utf-8").splitlines())
    logins = []
    for number, fields in enumerate(lines, 1):
        if not fields or fields[0] == _FIELDS[0]:
            continue
        if not len(_FIELDS) - 1 <= len(fields) <= len(_FIELDS):
            raise InvalidInputError(f"{path}, line {number}: username,password,mac are expected")
        logins.append(Login(*fields))
    return tuple(logins)
