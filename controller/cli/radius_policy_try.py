"""`kolco radius policy test`: which rule decides on a question, or what another policy would have decided."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any, Final, NoReturn

import typer

from controller.cli.local import opened
from controller.cli.output import Column, ExitCode, Format, Output, note, print_rows
from controller.cli.radius_policy_text import read_file, read_policy, show_condition
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.settings import CoreSettings
from radius.explain.rehearsal import Rehearsal, rehearse
from radius.policy import service
from radius.policy.engine import Engine, RuleLook
from radius.policy.rules import FACTS, Policy
from radius.policy.text import PolicyTextError, describe_effect, parse_policy
from radius.question import Method

__all__ = ["try_policy"]

_LOOK_COLUMNS = (Column("RULE", "rule"), Column("MATCHES", "matches"), Column("BECAUSE", "because"))
_PAST_COLUMNS = (
    Column("COUNT", "count", right=True),
    Column("BEFORE", "before"),
    Column("AFTER", "after"),
    Column("REFUSES", "denies"),
    Column("ADMITS", "admits"),
)
_METHOD_PREFIX: Final = "radius-"


def try_policy(
    *,
    zone: Annotated[str, typer.Option(help="Zone of the access point.")] = "",
    site: Annotated[str, typer.Option(help="Its site.")] = "",
    ssid: Annotated[str, typer.Option(help="Network name.")] = "",
    nas: Annotated[str, typer.Option(help="NAS entry.")] = "",
    method: Annotated[str, typer.Option(help="pap, chap, mab, tls, ttls, peap, …")] = "",
    plan: Annotated[str, typer.Option(help="The account's plan.")] = "",
    account: Annotated[str, typer.Option(help="The account's state.")] = "active",
    at: Annotated[str, typer.Option(help="Moment, ISO 8601 in the city's time; left out: now.")] = "",
    file: Annotated[str, typer.Option(help="Try this text, not the policy in force.")] = "",
    past: Annotated[
        int, typer.Option(min=0, help="With --file: try it on what was decided in the last HOURS.")
    ] = 0,
    output: Output = Format.TABLE,
) -> None:
    """Say which rule decides on a question, and why those before it do not; exit code 1 if it denies.

    With --past: which decisions of the last hours would have been others; exit code 1 if any would refuse.

    Example: kolco radius policy test --zone parks --plan city --at 2026-11-28T01:30
    Example: kolco radius policy test --file policy.txt --past 24
    """
    policy = parse_policy(read_file(file)) if file else asyncio.run(read_policy())
    city = CoreSettings.load().zone
    if past:
        _try_on_past(policy, past, output)
    moment = SystemClock().now()
    if at:
        try:
            moment = moment.fromisoformat(at)
        except ValueError as error:
            raise InvalidInputError(f"{at!r} is no moment", hint="write 2026-11-28T01:30") from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=city)
    facts = (zone, site, ssid, nas, f"{_METHOD_PREFIX}{method}" if method else "", plan, account)
    if method and facts[FACTS.index("method")] not in set(Method):
        raise InvalidInputError(f"there is no method {method!r}")
    engine = Engine(policy, city)
    looks = engine.explain(moment.timestamp(), facts)
    verdict = engine.judge(moment.timestamp(), facts)
    rows = [_show_look(look) for look in looks]
    if not verdict.rule:
        rows.append({"rule": "", "matches": None, "because": "no rule matches: the plan decides"})
    print_rows(rows, _LOOK_COLUMNS, output, kind="rule", key="rule")
    raise typer.Exit(ExitCode.ERROR if verdict.effect.deny else ExitCode.OK)


def _try_on_past(policy: Policy, hours: int, output: Format) -> NoReturn:
    """Show what another policy would have decided; ends the command."""

    async def work() -> Rehearsal:
        async with opened(write=False) as (tx, _):
            present = await service.read(tx)
            names = service.check_names(policy, await service.list_names(tx))
        if names:
            raise PolicyTextError(names)
        settings = CoreSettings.load()
        db = Database(settings.database)
        try:
            since = SystemClock().now() - timedelta(hours=hours)
            return await rehearse(db, present, policy, settings.zone, since=since)
        finally:
            await db.close()

    done = asyncio.run(work())
    print_rows(
        [asdict(one) for one in done.differences], _PAST_COLUMNS, output, kind="difference", key="after"
    )
    if output is not Format.JSON:
        note(f"{done.looked_at} decisions were looked at, of those that were kept")
    raise typer.Exit(ExitCode.ERROR if any(one.denies for one in done.differences) else ExitCode.OK)


def _show_look(look: RuleLook) -> dict[str, Any]:
    if look.matches:
        because = describe_effect(look.rule.effect)
    else:
        last = look.looks[-1]
        because = f"{show_condition(last.condition)}: it is {last.seen or 'not known'}"
    return {"rule": look.rule.name, "matches": look.matches, "because": because}
