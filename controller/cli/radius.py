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

from controller.cli import (
    radius_credential,
    radius_cui,
    radius_eap,
    radius_explain,
    radius_home,
    radius_load,
    radius_nas,
    radius_policy,
    radius_psk,
    radius_realm,
)
from controller.cli.local import opened
from controller.cli.output import (
    Column,
    ExitCode,
    Format,
    Output,
    Row,
    ask_hidden,
    note,
    print_row,
    print_rows,
)
from controller.core.errors import InvalidInputError, UnavailableError
from controller.nas import service
from radius import probe
from radius.eap.probe import ask_eap
from radius.protocol.eap.peer import METHODS as EAP_METHODS
from radius.settings import RadiusSettings
from radius.watch import Snapshot, busy, compare, read_snapshot

__all__ = ["app"]

app = typer.Typer(
    name="radius", help="RADIUS: NAS clients, trying a server, explaining it.", no_args_is_help=True
)
app.add_typer(radius_nas.app)
app.add_typer(radius_policy.app)
app.add_typer(radius_cui.app)
app.add_typer(radius_credential.app)
app.add_typer(radius_psk.app)
app.command("load")(radius_load.load)
app.command("explain")(radius_explain.explain)
app.add_typer(radius_home.app)
app.add_typer(radius_realm.app)

_RATE_COLUMNS = (
    Column("WHAT", "what"),
    Column("WHICH", "which"),
    Column("NAS", "nas"),
    Column("PER-SECOND", lambda row: f"{row['per_second']:.1f}", right=True),
    Column("TOTAL", "total", right=True),
)


class AskMethod(StrEnum):
    """What `kolco radius test` asks."""

    PAP = "pap"
    CHAP = "chap"
    MSCHAPV2 = "mschapv2"
    MAB = "mab"
    STATUS = "status"
    TLS = "tls"
    TTLS_PAP = "ttls-pap"
    TTLS_GTC = "ttls-gtc"
    TTLS_MSCHAPV2 = "ttls-mschapv2"
    PEAP_MSCHAPV2 = "peap-mschapv2"
    PEAP_GTC = "peap-gtc"


_EAP = frozenset(AskMethod(name) for name in EAP_METHODS)
_WITH_PASSWORD = (_EAP | {AskMethod.PAP, AskMethod.CHAP, AskMethod.MSCHAPV2}) - {AskMethod.TLS}


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
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Its authentication port; 0: as in the settings, 1812.")
    ] = 0,
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
    resume: Annotated[
        bool, typer.Option("--resume", help="EAP: log in twice, the second time by resuming the TLS session.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds before the first retransmission.")] = 1.0,
    output: Output = Format.TABLE,
) -> None:
    """Ask as a real NAS, for EAP as a real device too; exit code 0 for an Accept, 1 for a Reject.

    A Reject comes a second late: it is kept back (KOLCO_RADIUS_REJECT_DELAY_S).

    Example: kolco radius test mab --nas ring-aps --mac 02:00:00:00:00:01
    Example: kolco radius test peap-mschapv2 --nas ring-aps --username d-01j0000000000000000000000a
    """
    port = port or RadiusSettings.load().auth_port
    if method in _WITH_PASSWORD and not password:
        password = ask_hidden("Password", hint=radius_eap.PASSWORD_HINT)
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
            resume=resume,
        )

    async def work() -> tuple[probe.ProbeAnswer, dict[str, object]]:
        shared = secret.encode()
        if nas:
            async with opened(write=False) as (tx, secrets):
                shared = await service.read_secret(tx, secrets, nas)
        if not shared:
            raise InvalidInputError("no shared secret", hint="name a NAS with --nas, or set KOLCO_NAS_SECRET")
        if login is None:
            plain = await probe.ask(question, server, port, shared, timeout_s=timeout, now=time.perf_counter)
            return plain, {} if plain.attested is None else {"attested": plain.attested}
        ended = await ask_eap(login, server, port, shared, timeout_s=timeout, now=time.perf_counter)
        return ended.answer, {
            "rounds": ended.rounds,
            "keys_match": ended.keys_match,
            "tls": ended.tls,
            "cipher": ended.cipher,
            "resumed": ended.resumed,
            **({"distrust": ended.distrust} if ended.distrust else {}),
        }

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
    if "distrust" in more:
        note("the device does not trust the server's certificate: --ca has to name its authority")
        raise typer.Exit(ExitCode.ERROR)
    if not answer.accepted:
        known = f"--mac {mac}" if method is AskMethod.MAB else f"--username {username}" if username else ""
        if known:
            note(f"why: `kolco radius explain {known} --last`, on the server")
        raise typer.Exit(ExitCode.ERROR)


@app.command("watch")
def watch_rates(
    url: Annotated[
        str, typer.Option(help="Admin address of the RADIUS daemon; left out: as in the settings.")
    ] = "",
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 2.0,
    count: Annotated[int, typer.Option(min=0, help="Looks to take; 0: until Ctrl-C.")] = 0,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also show what did not happen meanwhile.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show what RADIUS answers, refuses and drops, by NAS, as it happens.

    Example: kolco radius watch --interval 5
    """
    url = url or f"http://127.0.0.1:{RadiusSettings.load().admin_port}"
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
