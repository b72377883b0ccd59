"""`kolco radius load`: makes a server work as access points would, and says what it bore.

Sends only where it is allowed to: to this machine, or to a server that is said to be one's own. There is no
shared secret it would try by itself.
"""

import asyncio
import csv
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from controller.cli import radius_eap
from controller.cli.local import opened
from controller.cli.output import Column, ExitCode, Format, Output, Row, note, print_row
from controller.core.errors import InvalidInputError
from controller.nas import service
from radius.load.first import check_answers
from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.requests import Login, Station
from radius.load.run import learn_classes, run_load
from radius.settings import RadiusSettings
from radius.stations import find_mac

__all__ = ["load"]

_FIELDS = ("username", "password", "mac")
_CSV_HINT = "a line is username,password,mac; `kolco radius credential issue` tells a name and password"
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
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Its port; 0: as in the settings, 1812 or for accounting 1813."),
    ] = 0,
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
    auth_port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="With --login: the authentication port; 0: as in the settings."),
    ] = 0,
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

    First it asks once: if nobody answers, or not with this shared secret, nothing more is sent.

    Example: kolco radius load pap --nas ring-aps --credentials devices.csv --rate 5000 --seconds 10
    Example: kolco radius load accounting --nas ring-aps --count 20000 --in-flight 256
    Example: kolco radius load ttls-pap --nas ring-aps --credentials devices.csv --count 500 --processes 2
    """
    shared = asyncio.run(_read_secret(nas)) if nas else secret.encode()
    accounting = work == Work.ACCOUNTING
    settings = RadiusSettings.load()
    auth_port = auth_port or settings.auth_port
    port = port or (settings.acct_port if accounting else auth_port)
    target = Target(server, port, shared, require=not unsigned)
    if not target.is_loopback and not mine:
        raise InvalidInputError(
            f"{server} is not this machine", hint="if it is yours to load, say so with --this-server-is-mine"
        )
    if tls not in {"", "1.2", "1.3"}:
        raise InvalidInputError("tls is 1.2 or 1.3", field="tls")
    identity = radius_eap.read_identity(certificate, key)
    logins = _read_logins(credentials) if credentials is not None else ()
    if login and not logins:
        raise InvalidInputError(
            "--login needs somebody who logs in", hint="name a CSV file with --credentials"
        )
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
        ca_pem=radius_eap.read_authority(ca) if work.is_eap else b"",
        identity=None if identity is None else (identity.certificate_pem, identity.key_pem),
        newest_tls=tls,
    )
    check_answers(plan, now=time.perf_counter)
    if login:
        classes = learn_classes(replace(plan, target=replace(target, port=auth_port)))
        if not any(classes):
            raise InvalidInputError(
                f"nobody of {credentials} was let in at port {auth_port}",
                hint="`kolco radius test pap` with one of them says more",
            )
        note(f"{sum(map(bool, classes))} of {len(classes)} logins got a Class")
        plan = replace(plan, classes=classes)
    ran = run_load(plan, processes=processes)
    report = ran.to_json()
    columns = [Column(name.upper().replace("_", "-"), name) for name in _COLUMNS]
    columns += [Column(name.upper(), partial(_fault, name)) for name in report["faults"]]
    print_row(report, columns, output, kind="load", key="work")
    if report["rejected"]:
        note(f"{report['rejected']} were refused: `kolco radius explain --username … --last` says why")
    if not ran.answered:
        note("nobody answered in time: the server is overloaded, or --timeout is too short")
        raise typer.Exit(ExitCode.UNAVAILABLE)
    raise typer.Exit(ExitCode.ERROR if report["faults"] else ExitCode.OK)


async def _read_secret(nas: str) -> bytes:
    async with opened(write=False) as (tx, secrets):
        return await service.read_secret(tx, secrets, nas)


def _fault(name: str, row: Row) -> object:
    return row["faults"][name]


def _read_logins(path: Path) -> tuple[Login, ...]:
    try:
        lines = csv.reader(path.read_text("utf-8-sig").splitlines())
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is not UTF-8", hint=_CSV_HINT) from error
    logins = []
    for number, fields in enumerate(lines, 1):
        if not fields or fields[0] == _FIELDS[0]:
            continue
        if not len(_FIELDS) - 1 <= len(fields) <= len(_FIELDS):
            raise InvalidInputError(
                f"{path}, line {number}: username,password,mac are expected", hint=_CSV_HINT
            )
        if any(fields[2:]) and find_mac(fields[2]) is None:
            raise InvalidInputError(f"{path}, line {number}: the third field is no MAC address")
        logins.append(Login(*fields))
    if not logins:
        raise InvalidInputError(f"{path} names nobody who logs in", hint=_CSV_HINT)
    return tuple(logins)
