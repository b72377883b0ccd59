"""`kolco radius`: a client to try a server with, why a device is refused, and what happens now.

The NAS table is `radius_nas`'s. Works on this machine's database; it needs no running controller.
"""

import asyncio
import time
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer

from controller import migrations
from controller.cli import radius_credential, radius_eap, radius_home, radius_load, radius_nas, radius_realm
from controller.cli.output import (
    Column,
    ExitCode,
    Format,
    Output,
    Row,
    print_row,
    print_rows,
)
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import InvalidInputError, UnavailableError
from controller.core.mac import parse_mac
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.directory.service import Directory
from controller.nas import service
from radius import probe
from radius.authorize import Judge
from radius.decisions import Authorizer
from radius.eap.probe import ask_eap
from radius.explain import Step, explain
from radius.protocol.eap.peer import METHODS as EAP_METHODS
from radius.question import Method, Question
from radius.stations import CalledStation
from radius.watch import Snapshot, busy, compare, read_snapshot

__all__ = ["app"]

app = typer.Typer(
    name="radius", help="RADIUS: NAS clients, trying a server, explaining it.", no_args_is_help=True
)
app.add_typer(radius_nas.app)
app.add_typer(radius_credential.app)
app.command("load")(radius_load.load)
app.add_typer(radius_home.app)
app.add_typer(radius_realm.app)

_RATE_COLUMNS = (
    Column("WHAT", "what"),
    Column("WHICH", "which"),
    Column("NAS", "nas"),
    Column("PER-SECOND", lambda row: f"{row['per_second']:.1f}", right=True),
    Column("TOTAL", "total", right=True),
)
_STEP_COLUMNS = (Column("STEP", "name"), Column("OK", "ok"), Column("SEEN", "detail"))


class AskMethod(StrEnum):
    """What `kolco radius test` asks."""

    PAP = "pap"
    CHAP = "chap"
    MAB = "mab"
    STATUS = "status"
    TLS = "tls"
    TTLS_PAP = "ttls-pap"
    TTLS_GTC = "ttls-gtc"
    TTLS_MSCHAPV2 = "ttls-mschapv2"
    PEAP_MSCHAPV2 = "peap-mschapv2"
    PEAP_GTC = "peap-gtc"


_EAP = frozenset(AskMethod(name) for name in EAP_METHODS)
_WITH_PASSWORD = (_EAP | {AskMethod.PAP, AskMethod.CHAP}) - {AskMethod.TLS}


class TlsVersion(StrEnum):
    """The newest version of TLS a device speaks."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


@app.command("test")
def try_server(
    method: Annotated[AskMethod, typer.Argument(help="What to ask.")] = AskMethod.STATUS,
    *,
    nas: Annotated[str, typer.Option(help="Act as this NAS: use its shared secret.")] = "",
    secret: Annotated[
        str, typer.Option(envvar="KOLCO_NAS_SECRET", help="Shared secret, if not by --nas.")
    ] = "",
    server: Annotated[str, typer.Option(help="Address of the RADIUS server.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its authentication port.")] = 1812,
    username: Annotated[str, typer.Option(help="User name, where the method has one.")] = "",
    password: Annotated[
        str, typer.Option(envvar="KOLCO_TEST_PASSWORD", help="Its password; asked if left out.")
    ] = "",
    mac: Annotated[str, typer.Option(help="The device's MAC, for mab; Calling-Station-Id for others.")] = "",
    called: Annotated[str, typer.Option(help="Called-Station-Id, AP's MAC:SSID.")] = "",
    attribute: Annotated[
        list[str] | None, typer.Option("--attribute", "-a", help="NAME=VALUE, any of the dictionary; repeat.")
    ] = None,
    anonymous: Annotated[str, typer.Option(help="EAP: the name said in the open.")] = "anonymous",
    ca: Annotated[
        Path | None, typer.Option(help="EAP: PEM file of the server's authority; by default kolco's own.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="tls: PEM file of the device's certificate.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="tls: PEM file of its key.")] = None,
    tls: Annotated[
        TlsVersion, typer.Option(help="EAP: newest version of TLS to speak.")
    ] = TlsVersion.TLS_1_3,
    timeout: Annotated[float, typer.Option(help="Seconds before the first retransmission.")] = 1.0,
    output: Output = Format.TABLE,
) -> None:
    """Ask as a real NAS, for EAP as a real device too; exit code 0 for an Accept, 1 for a Reject.

    Example: kolco radius test mab --nas ring-aps --mac 02:00:00:00:00:01
    Example: kolco radius test peap-mschapv2 --nas ring-aps --username d-01j0000000000000000000000a
    """
    if method in _WITH_PASSWORD and not password:
        password = typer.prompt("Password", hide_input=True)
    question = probe.Probe(
        method=method.value,
        username=username,
        password=password,
        mac=mac,
        called=called,
        extra=tuple(_pair(text) for text in attribute or ()),
    )

    login = None
    if method in _EAP:
        login = radius_eap.make_probe(
            method.value,
            username=username,
            password=password,
            mac=mac,
            called=called,
            anonymous=anonymous,
            ca=ca,
            certificate=certificate,
            key=key,
            tls=tls.value,
        )

    async def work() -> tuple[probe.ProbeAnswer, dict[str, object]]:
        shared = secret.encode()
        if nas:
            async with radius_nas.opened(write=False) as (tx, secrets):
                shared = await service.read_secret(tx, secrets, nas)
        if not shared:
            raise InvalidInputError("no shared secret", hint="name a NAS with --nas, or set KOLCO_NAS_SECRET")
        if login is None:
            plain = await probe.ask(question, server, port, shared, timeout_s=timeout, now=time.perf_counter)
            return plain, {}
        ended = await ask_eap(login, server, port, shared, timeout_s=timeout, now=time.perf_counter)
        return ended.answer, {"rounds": ended.rounds, "keys_match": ended.keys_match}

    answer, more = asyncio.run(work())
    row = {
        "answer": answer.name,
        "milliseconds": round(answer.seconds * 1000, 2),
        **more,
        "attributes": [{"name": name, "value": value} for name, value in answer.attributes],
    }
    columns = [Column("ANSWER", "answer"), Column("MILLISECONDS", "milliseconds")]
    columns += [Column(name.upper().replace("_", "-"), name) for name in more]
    columns += [Column(name.upper(), partial(_constant, value)) for name, value in answer.attributes]
    print_row(row, columns, output, kind="answer", key="answer")
    raise typer.Exit(ExitCode.OK if answer.accepted else ExitCode.ERROR)


@app.command("explain")
def explain_decision(
    mac: Annotated[str, typer.Option(help="Explain MAC authentication of this device.")] = "",
    username: Annotated[str, typer.Option(help="Explain PAP with this device credential.")] = "",
    password: Annotated[
        str, typer.Option(envvar="KOLCO_TEST_PASSWORD", help="Its password; asked if left out.")
    ] = "",
    *,
    output: Output = Format.TABLE,
) -> None:
    """Say step by step why a device would be let in or refused now; exit code 0 if let in.

    Example: kolco radius explain --mac 02:00:00:00:00:01
    """
    if bool(mac) == bool(username):
        raise InvalidInputError("name either a device with --mac or a credential with --username")
    if username and not password:
        password = typer.prompt("Password", hide_input=True)
    nowhere = CalledStation(None, "")
    question = (
        Question(Method.MAB, parse_mac(mac), "", parse_mac(mac), nowhere)
        if mac
        else Question(Method.PAP, username, password, None, nowhere)
    )

    async def work() -> list[Step]:
        settings = CoreSettings.load()
        db = Database(settings.database)
        clock = SystemClock()
        authorizer = Authorizer(db, Judge(Directory(SecretStore(settings.data_dir / "secrets"))), clock)
        try:
            async with migrations.explained(db):
                return await explain(db, authorizer, question, clock.now())
        finally:
            await db.close()

    steps = asyncio.run(work())
    print_rows([asdict(step) for step in steps], _STEP_COLUMNS, output, kind="step", key="name")
    raise typer.Exit(ExitCode.OK if steps[-1].ok else ExitCode.ERROR)


@app.command("watch")
def watch_rates(
    url: Annotated[str, typer.Option(help="Admin address of the RADIUS daemon.")] = "http://127.0.0.1:9483",
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 2.0,
    count: Annotated[int, typer.Option(min=0, help="Looks to take; 0: until Ctrl-C.")] = 0,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also show what did not happen meanwhile.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show what RADIUS answers, refuses and drops, by NAS, as it happens.

    Example: kolco radius watch --interval 5
    """
    before, looked_at = _look(url), time.monotonic()
    taken = 0
    try:
        while not count or taken < count:
            time.sleep(interval)
            after, now = _look(url), time.monotonic()
            rates = compare(before, after, now - looked_at)
            before, looked_at, taken = after, now, taken + 1
            shown = rates if every else busy(rates)
            print_rows([asdict(rate) for rate in shown], _RATE_COLUMNS, output, kind="event", key="which")
    except KeyboardInterrupt:
        return


def _look(url: str) -> Snapshot:
    try:
        response = httpx.get(f"{url}/metrics", timeout=5, trust_env=False)
        return read_snapshot(response.raise_for_status().text)
    except (httpx.HTTPError, ValueError) as error:
        raise UnavailableError(
            f"no RADIUS metrics at {url}: {error}",
            hint="is `kolco serve radius` running? --url names another",
        ) from error


def _constant(value: str, _row: Row) -> str:
    return value


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InvalidInputError(f"{text!r} is not NAME=VALUE")
    return name, value
