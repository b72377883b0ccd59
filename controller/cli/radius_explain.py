"""`kolco radius explain`: why a device is let in or refused, now or at a time in the past, step by step.

Works on this machine's database; it needs no running controller.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from controller import migrations
from controller.cli.output import Column, ExitCode, Format, Output, ask_hidden, note, print_rows
from controller.cli.radius_eap import PASSWORD_HINT
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.mac import parse_mac
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.directory.service import Directory
from radius.explain.live import Asked, explain_now
from radius.explain.past import Wanted, explain_past, list_decisions
from radius.explain.steps import Step, moment
from radius.explain.wording import LANGUAGES, choose_language, translator
from radius.journal.decisions import Digests
from radius.question import Method, Question
from radius.stations import parse_called_station

__all__ = ["explain"]

_STEP_COLUMNS = (Column("STEP", "step"), Column("OK", "ok"), Column("SEEN", "detail"))
_KEPT_COLUMNS = (
    Column("AT", "at"),
    Column("OUTCOME", "outcome"),
    Column("REASON", "reason"),
    Column("NAS", "nas_id"),
    Column("METHOD", "method"),
    Column("RULE", "rule"),
    Column("SITE", "site_id"),
    Column("SSID", "ssid"),
    Column("SESSION", "session_id", wide=True),
)
_SHOWN = ("outcome", "reason", "nas_id", "method", "rule", "site_id", "ssid", "session_id", "account_id")


T = TypeVar("T")


class Language(StrEnum):
    """The languages in which decisions are explained."""

    EN = "en"
    RU = "ru"


def explain(
    mac: Annotated[str, typer.Option(help="A device, asked about by its MAC address.")] = "",
    username: Annotated[str, typer.Option(help="A device, asked about by its credential's user name.")] = "",
    password: Annotated[
        str, typer.Option(envvar="KOLCO_TEST_PASSWORD", help="Its password; asked if left out. Only for now.")
    ] = "",
    *,
    nas: Annotated[str, typer.Option(help="Now: as this NAS would ask.")] = "",
    called: Annotated[str, typer.Option(help="Now: Called-Station-Id, AP's MAC:SSID.")] = "",
    last: Annotated[bool, typer.Option("--last", help="The last decision that was made.")] = False,
    at: Annotated[str, typer.Option(help="The decision made at or before this moment, ISO 8601.")] = "",
    since: Annotated[str, typer.Option(help="List the decisions made since this moment, ISO 8601.")] = "",
    lang: Annotated[Language | None, typer.Option(help="Language; by default that of the terminal.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Say step by step why a device is let in or refused now, or was; exit code 0 if let in.

    Example: kolco radius explain --mac 02:00:00:00:00:01 --nas ring-aps --called 02-aa-bb-cc-dd-ee:City
    Example: kolco radius explain --mac 02:00:00:00:00:01 --last --lang ru
    Example: kolco radius explain --username d-01j0000000000000000000000a --since 2026-11-23T18:00
    """
    if bool(mac) == bool(username):
        raise InvalidInputError("name either a device with --mac or a credential with --username")
    if sum((last, bool(at), bool(since))) > 1:
        raise InvalidInputError("--last, --at and --since exclude each other")
    settings = CoreSettings.load()
    zone, clock = settings.zone, SystemClock()
    digests = Digests(SecretStore(settings.data_dir / "secrets"))
    wanted = Wanted(parse_mac(mac) if mac else None, username)
    if since:
        begin = _moment(since, settings)
        kept = _on_database(settings, lambda db: list_decisions(db, digests, wanted, since=begin))
        rows = [{"at": moment(one.at, zone)} | {name: getattr(one, name) for name in _SHOWN} for one in kept]
        print_rows(rows, _KEPT_COLUMNS, output, kind="decision", key="at")
        return
    if last or at:
        until = _moment(at, settings) if at else None
        one, steps = _on_database(settings, lambda db: explain_past(db, digests, wanted, zone, until=until))
        note(moment(one.at, zone))
    else:
        asked = Asked(_question(mac, username, password, called), nas)
        directory = Directory(SecretStore(settings.data_dir / "secrets"))
        steps = _on_database(settings, lambda db: explain_now(db, directory, clock, asked, zone))
    _print_steps(steps, lang, output)
    answer = next(step for step in reversed(steps) if step.name == "answer")
    raise typer.Exit(ExitCode.OK if answer.ok else ExitCode.ERROR)


def _question(mac: str, username: str, password: str, called: str) -> Question:
    station = parse_called_station(called or None)
    if mac:
        device = parse_mac(mac)
        return Question(Method.MAB, device, "", device, station)
    password = password or ask_hidden("Password", hint=PASSWORD_HINT)
    return Question(Method.PAP, username, password, None, station)


def _print_steps(steps: list[Step], lang: Language | None, output: Format) -> None:
    language = lang.value if lang is not None else choose_language(os.environ)
    assert language in LANGUAGES  # noqa: S101 - the enumeration above
    translate = translator(language)
    rows: list[dict[str, Any]] = []
    for step in steps:
        name, detail = step.tell(translate)
        rows.append(
            {"step": name, "ok": step.ok, "detail": detail, "id": step.message, "values": dict(step.values)}
        )
    print_rows(rows, _STEP_COLUMNS, output, kind="step", key="id")


def _moment(text: str, settings: CoreSettings) -> datetime:
    """Return a moment; without an offset it is in the city's time."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is no moment", hint="write 2026-11-23T18:00") from error
    return when if when.tzinfo else when.replace(tzinfo=settings.zone)


def _on_database(settings: CoreSettings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(settings.database)
        try:
            async with migrations.explained(db):
                return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
