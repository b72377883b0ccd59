"""`kolco radius policy`: the rules on who is let in, and on which terms.

Works on the database of this machine's settings; running RADIUS daemons hear of a change at once.
"""

import asyncio
from typing import Annotated, Any

import typer

from controller.cli.local import opened
from controller.cli.output import Column, Format, MaxRows, Output, print_rows
from controller.cli.radius_policy_change import add, apply, move, remove, replace, rollback
from controller.cli.radius_policy_text import read_policy, show_condition
from controller.cli.radius_policy_try import try_policy
from controller.core.errors import InvalidInputError
from radius.policy import service
from radius.policy.rules import Policy, Rule
from radius.policy.text import describe_effect, render_policy

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


@app.command("list")
def list_rules(output: Output = Format.TABLE) -> None:
    """List the rules in the order in which they are looked at.

    Example: kolco radius policy list
    """
    policy = asyncio.run(read_policy())
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
    policy = asyncio.run(read_policy(revision))
    if rule:
        policy = Policy(tuple(one for one in policy.rules if one.name == rule))
        if not policy.rules:
            raise InvalidInputError(
                f"there is no rule {rule!r}", hint="`kolco radius policy list` shows them"
            )
    typer.echo(render_policy(policy), nl=False)


for _command in (apply, add, replace, remove, move):
    app.command()(_command)


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

    print_rows(asyncio.run(work()), _REVISION_COLUMNS, output, kind="revision", key="revision")


app.command()(rollback)
app.command("test")(try_policy)


def _conditions(rule: Rule) -> list[str]:
    return [*map(show_condition, rule.times), *map(show_condition, rule.conditions)]
