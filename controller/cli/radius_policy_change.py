"""`kolco radius policy apply`, `add`, `replace`, `remove`, `move`, `rollback`: changing the rules in force.

A change is shown before it is made, made as a whole or not at all, and stands in the audit log.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from controller.cli.local import opened, operator, record
from controller.cli.output import DryRun, Format, Output, Yes, confirm, note, print_done, print_json
from controller.cli.radius_policy_text import read_file, read_policy
from controller.core.clock import SystemClock
from controller.core.db import Tx
from controller.core.errors import InvalidInputError
from radius.policy import service
from radius.policy.rules import Rule
from radius.policy.service import Change, Edit
from radius.policy.text import PolicyTextError, parse_policy, render_policy

__all__ = ["add", "apply", "move", "remove", "replace", "rollback"]

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
    _put_in_force(read_file(file), output, dry_run=dry_run, yes=yes)


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


def remove(name: _Name, *, dry_run: DryRun = False, output: Output = Format.TABLE) -> None:
    """Remove a rule.

    Example: kolco radius policy remove park-nights
    """
    _edit(lambda policy: service.without_rule(policy, name), output, dry_run=dry_run)


def move(
    name: _Name, *, before: _Before = None, dry_run: DryRun = False, output: Output = Format.TABLE
) -> None:
    """Move a rule before another, or to the end.

    Example: kolco radius policy move staff --before park-nights
    """
    _edit(lambda policy: service.with_moved(policy, name, before=before), output, dry_run=dry_run)


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
    text = render_policy(asyncio.run(read_policy(revision)))
    _put_in_force(text, output, dry_run=dry_run, yes=yes)


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


def _put_in_force(text: str, output: Format, *, dry_run: bool, yes: bool) -> None:
    planned = asyncio.run(_apply(text, dry_run=True))
    _show_difference(planned, output)
    if dry_run or not planned.difference:
        _print_change(planned, output, dry_run=dry_run)
        return
    confirm("Put this in force?", yes=yes)
    _print_change(asyncio.run(_apply(text, dry_run=False, expected=planned.before.revision)), output)


def _edit(edit: Edit, output: Format, *, dry_run: bool) -> None:
    async def work() -> Change:
        async with opened(write=not dry_run) as (tx, _):
            done = await service.change(tx, edit, by=operator(), now=SystemClock().now(), dry_run=dry_run)
            _audit(tx, done)
            return done

    done = asyncio.run(work())
    _show_difference(done, output)
    _print_change(done, output, dry_run=dry_run)


async def _apply(text: str, *, dry_run: bool, expected: int | None = None) -> Change:
    async with opened(write=not dry_run) as (tx, _):
        done = await service.apply_text(
            tx, text, by=operator(), now=SystemClock().now(), dry_run=dry_run, expected=expected
        )
        _audit(tx, done)
        return done


def _audit(tx: Tx, done: Change) -> None:
    if done.difference and done.after.revision:
        record(tx, "changed", "radius-policy", str(done.after.revision), rules=len(done.after.rules))


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
