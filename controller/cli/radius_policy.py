"""`kolco radius policy`: the rules on who is let in, and on which terms.

Works on the database of this machine's settings; running RADIUS daemons hear of a change at once.
"""

import asyncio
import getpass
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from controller.audit import service as audit
from controller.cli.output import (
    Column,
    DryRun,
    ExitCode,
    Format,
    MaxRows,
    Output,
    Yes,
    confirm,
    note,
    print_done,
    print_json,
    print_rows,
)
from controller.cli.radius_nas import opened
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.settings import CoreSettings
from radius.explain.rehearsal import Rehearsal, rehearse
from radius.policy import service
from radius.policy.engine import Engine, RuleLook
from radius.policy.rules import FACTS, Condition, Policy, Rule
from radius.policy.service import Change, Edit
from radius.policy.text import (
    PolicyTextError,
    Problem,
    describe_effect,
    parse_policy,
    render_policy,
    render_windows,
)
from radius.question import Method

__all__ = ["app"]

app = typer.Typer(
    name="policy", help="Rules on who is let in, and on which terms: the first that matches decides.",
    no_args_is_help=True,
)  # fmt: skip

_RULE_COLUMNS = (
    Column("PLACE", "place", right=True),
    Column("NAME", "name"),
    Column("WHEN", "when"),
    Column("THEN", "then"),
    Column("NOTE", "note", wide=True),
)
_REVISION_COLUMNS = (
    Column("REVISION", "revision", right=True),
    Column("MADE-AT", "made_at"),
    Column("BY", "made_by"),
    Column("RULES", "rules", right=True),
)
_LOOK_COLUMNS = (Column("RULE", "rule"), Column("MATCHES", "matches"), Column("BECAUSE", "because"))
_PAST_COLUMNS = (
    Column("COUNT", "count", right=True),
    Column("BEFORE", "before"),
    Column("AFTER", "after"),
    Column("REFUSES", "denies"),
    Column("ADMITS", "admits"),
)
_METHOD_PREFIX = "radius-"

T = TypeVar("T")

_Name = Annotated[str, typer.Argument(help="Name of the rule.")]
_When = Annotated[
    list[str] | None,
    typer.Option("--when", "-w", help="A condition, as in the text: `zone parks`, `time fri 23:00-06:00`."),
]
_Deny = Annotated[str, typer.Option(help="Refuse, with this word as the reason.")]
_Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", help="Let in with a change to the plan: `vlan 120`, `down 5M`, `session 1h`."
    ),
]
_Before = Annotated[str | None, typer.Option(help="Put it before this rule; left out: last.")]


@app.command("list")
def list_rules(output: Output = Format.TABLE) -> None:
    """List the rules in the order in which they are looked at.

    Example: kolco radius policy list
    """
    policy = _run(_read())
    rows = [
        {
            "place": place,
            "name": rule.name,
            "when": "; ".join(_conditions(rule)) or "always",
            "then": describe_effect(rule.effect),
            "note": " ".join(rule.note),
        }
        for place, rule in enumerate(policy.rules, start=1)
    ]
    print_rows(rows, _RULE_COLUMNS, output, kind="rule", key="name")


@app.command()
def show(
    rule: Annotated[str, typer.Argument(help="Only this rule.")] = "",
    revision: Annotated[int | None, typer.Option(help="As of this revision.")] = None,
) -> None:
    """Print the policy as text, which `apply` takes again.

    Example: kolco radius policy show > policy.txt
    """
    policy = _run(_read(revision))
    if rule:
        policy = Policy(tuple(one for one in policy.rules if one.name == rule))
        if not policy.rules:
            raise InvalidInputError(
                f"there is no rule {rule!r}", hint="`kolco radius policy list` shows them"
            )
    typer.echo(render_policy(policy), nl=False)


@app.command()
def apply(
    file: Annotated[str, typer.Argument(help="The policy as text; `-` reads it from the standard input.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Put a text in force: shows what it changes, asks, and does all of it or nothing.

    Example: kolco radius policy apply policy.txt
    """
    text = _read_file(file)
    planned = _run(_apply(text, dry_run=True))
    _show_difference(planned, output)
    if dry_run or not planned.difference:
        _print_change(planned, output, dry_run=dry_run)
        return
    confirm("Put this in force?", yes=yes)
    done = _run(_apply(text, dry_run=False, expected=planned.before.revision))
    _print_change(done, output)


@app.command()
def add(
    name: _Name,
    *,
    when: _When = None,
    deny: _Deny = "",
    change: _Set = None,
    before: _Before = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Add a rule; without --deny it lets in.

    Example: kolco radius policy add park-nights -w "zone parks" -w "time 23:00-06:00" --deny closed
    Example: kolco radius policy add staff -w "plan staff" -s "vlan 120" --before park-nights
    """
    rule = _make_rule(name, when or [], deny, change or [])
    _edit(lambda policy: service.with_rule(policy, rule, before=before), output, dry_run=dry_run)


@app.command()
def replace(
    name: _Name,
    *,
    when: _When = None,
    deny: _Deny = "",
    change: _Set = None,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Give a rule other conditions and another effect; its place stays.

    Example: kolco radius policy replace park-nights -w "zone parks" -w "time 22:00-06:00" --deny closed
    """
    rule = _make_rule(name, when or [], deny, change or [])
    _edit(lambda policy: service.with_replaced(policy, rule), output, dry_run=dry_run)


@app.command()
def remove(name: _Name, *, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Remove a rule.

    Example: kolco radius policy remove park-nights
    """
    _edit(lambda policy: service.without_rule(policy, name), output, dry_run=dry_run)


@app.command()
def move(
    name: _Name, *, before: _Before = None, dry_run: DryRun = False, output: Output = Format.TABLE
) -> None:
    """Move a rule before another, or to the end.

    Example: kolco radius policy move staff --before park-nights
    """
    _edit(lambda policy: service.with_moved(policy, name, before=before), output, dry_run=dry_run)


@app.command()
def history(limit: MaxRows = 20, output: Output = Format.TABLE) -> None:
    """List the revisions, the newest first.

    Example: kolco radius policy history
    """

    async def work() -> list[dict[str, Any]]:
        async with opened(write=False) as (tx, _):
            return [
                {
                    "revision": revision.id,
                    "made_at": revision.made_at.isoformat(timespec="seconds"),
                    "made_by": revision.made_by,
                    "rules": len(service.of_revision(revision).rules),
                }
                for revision in await service.list_revisions(tx, limit or 20)
            ]

    print_rows(_run(work()), _REVISION_COLUMNS, output, kind="revision", key="revision")


@app.command()
def rollback(
    revision: Annotated[int, typer.Argument(help="The revision to go back to.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Put an earlier revision in force again, as a new one.

    Example: kolco radius policy rollback 12
    """
    text = render_policy(_run(_read(revision)))
    planned = _run(_apply(text, dry_run=True))
    _show_difference(planned, output)
    if dry_run or not planned.difference:
        _print_change(planned, output, dry_run=dry_run)
        return
    confirm("Put this in force?", yes=yes)
    _print_change(_run(_apply(text, dry_run=False, expected=planned.before.revision)), output)


@app.command("test")
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
    policy = parse_policy(_read_file(file)) if file else _run(_read())
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

    done = _run(work())
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
        because = f"{_condition(last.condition)}: it is {last.seen or 'not known'}"
    return {"rule": look.rule.name, "matches": look.matches, "because": because}


def _conditions(rule: Rule) -> list[str]:
    return [_condition(one) for one in (*rule.times, *rule.conditions)]


def _condition(condition: Any) -> str:
    negated = "not " if condition.negated else ""
    if isinstance(condition, Condition):
        return f"{condition.fact} {negated}{', '.join(condition.values)}"
    return f"time {negated}{render_windows(condition.windows)}"


def _make_rule(name: str, when: Sequence[str], deny: str, change: Sequence[str]) -> Rule:
    """Return the rule that options describe; what is wrong with them is told by option."""
    if deny and change:
        raise InvalidInputError("--deny and --set exclude each other")
    effect = [f"deny {deny}"] if deny else ["allow", *change]
    lines = [f"rule {name}", *when, *effect]
    if any("\n" in line or line.strip().startswith(("rule ", "#")) for line in lines[1:]):
        raise InvalidInputError("a condition or a change is one line")
    try:
        return parse_policy("\n".join(lines)).rules[0]
    except PolicyTextError as error:
        reasons = "; ".join(f"{lines[problem.line - 1]!r}: {problem.reason}" for problem in error.problems)
        raise InvalidInputError(
            reasons, hint="`kolco radius policy show` shows how rules are written"
        ) from error


def _edit(edit: Edit, output: Format, *, dry_run: bool) -> None:
    async def work() -> Change:
        async with opened(write=not dry_run) as (tx, _):
            done = await service.change(tx, edit, by=_operator(), now=SystemClock().now(), dry_run=dry_run)
            _audit(tx, done)
            return done

    done = _run(work())
    _show_difference(done, output)
    _print_change(done, output, dry_run=dry_run)


async def _read(revision: int | None = None) -> Policy:
    async with opened(write=False) as (tx, _):
        return await service.read(tx, revision)


async def _apply(text: str, *, dry_run: bool, expected: int | None = None) -> Change:
    async with opened(write=not dry_run) as (tx, _):
        done = await service.apply_text(
            tx, text, by=_operator(), now=SystemClock().now(), dry_run=dry_run, expected=expected
        )
        _audit(tx, done)
        return done


def _audit(tx: Any, done: Change) -> None:
    if done.difference and done.after.revision:
        audit.record(
            tx,
            operator=_operator(),
            action="changed",
            object_type="radius-policy",
            object_id=str(done.after.revision),
            now=SystemClock().now(),
            rules=len(done.after.rules),
        )


def _operator() -> str:
    return f"{getpass.getuser()} (this machine)"


def _read_file(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PolicyTextError([Problem(0, f"{file} is not UTF-8")]) from error


def _show_difference(done: Change, output: Format) -> None:
    if output in (Format.TABLE, Format.WIDE):
        for line in done.difference:
            note(line)


def _print_change(done: Change, output: Format, *, dry_run: bool = False) -> None:
    row = {
        "revision": done.after.revision or done.before.revision,
        "changed": bool(done.difference),
        "dry_run": dry_run,
        "difference": list(done.difference),
    }
    if output is Format.JSON:
        print_json(row)
        return
    verb = "changed" if done.difference else "unchanged"
    print_done("policy", row["revision"], verb, row, output, dry_run=dry_run)


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)
