"""Putting a policy in force: all of it or nothing, as a new revision, with no restart of anything."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controller.core import outbox
from controller.core.db import Tx, lock
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from radius.policy import repository
from radius.policy.events import CuiWasReset, PolicyChanged
from radius.policy.repository import Names, Revision
from radius.policy.rules import Policy, Rule
from radius.policy.text import PolicyTextError, Problem, parse_policy, render_policy

_LOCK = b"radius-policy"

Edit = Callable[[Policy], Policy]


@dataclass(frozen=True, slots=True)
class Change:
    """What a change would do, or did.

    Attributes:
        before: the policy in force before.
        after: the policy from then on; its revision is 0 if it was only tried, or if nothing changed.
        difference: lines of a unified diff of the two texts; empty: they are the same.
    """

    before: Policy
    after: Policy
    difference: tuple[str, ...]


async def read(tx: Tx, revision: int | None = None) -> Policy:
    """Return the policy in force, or that of a revision.

    Raises:
        NotFoundError: there is no such revision.
    """
    found = await (repository.find_newest(tx) if revision is None else repository.find(tx, revision))
    if found is None and revision is not None:
        raise NotFoundError(
            f"there is no revision {revision} of the policy", hint="`kolco radius policy history` shows them"
        )
    return Policy() if found is None else of_revision(found)


def of_revision(revision: Revision) -> Policy:
    """Return the policy of a stored revision."""
    return replace(parse_policy(revision.text), revision=revision.id)


async def change(tx: Tx, edit: Edit, *, by: str, now: datetime, dry_run: bool = False) -> Change:
    """Put in force what `edit` makes of the present policy.

    Raises:
        PolicyTextError: it speaks of something that does not exist; the problems name lines.
        KolcoError: whatever `edit` raises.
    """
    await lock(tx, _LOCK)
    before = await read(tx)
    text = render_policy(edit(before))
    after = parse_policy(text)
    problems = check_names(after, await repository.list_names(tx))
    if problems:
        raise PolicyTextError(problems)
    difference = compare(before, after)
    if dry_run or not difference:
        return Change(before, after, difference)
    revision = Revision(before.revision + 1, text, now, by)
    await repository.add(tx, revision)
    await outbox.add(tx, PolicyChanged(revision.id))
    return Change(before, of_revision(revision), difference)


async def apply_text(
    tx: Tx, text: str, *, by: str, now: datetime, dry_run: bool = False, expected: int | None = None
) -> Change:
    """Put a text in force in place of the present policy.

    Raises:
        PolicyTextError: it is no policy, or speaks of something that does not exist.
        ConflictError: the revision in force is no longer the `expected` one.
    """
    policy = parse_policy(text)
    problems = check_names(policy, await repository.list_names(tx))
    if problems:  # by the lines of the text that was given
        raise PolicyTextError(problems)

    def replaced(before: Policy) -> Policy:
        if expected is not None and before.revision != expected:
            raise ConflictError(
                f"somebody else has put revision {before.revision} in force meanwhile", hint="look again"
            )
        return policy

    return await change(tx, replaced, by=by, now=now, dry_run=dry_run)


async def list_names(tx: Tx) -> Names:
    """Return what rules may speak of."""
    return await repository.list_names(tx)


def compare(before: Policy, after: Policy) -> tuple[str, ...]:
    """Return the lines of a unified diff from one policy's text to another's."""
    lines = difflib.unified_diff(
        render_policy(before).splitlines(), render_policy(after).splitlines(), "in force", "new", lineterm=""
    )
    return tuple(lines)


def check_names(policy: Policy, names: Names) -> list[Problem]:
    """Return where rules speak of what does not exist: mostly a slip of the pen.

    Beginnings may be of any, and an SSID may be on the air of somebody else's access points.
    """
    known = {
        "zone": names.zones,
        "site": names.sites,
        "nas": names.nases,
        "plan": names.plans,
    }
    problems = [
        Problem(condition.line, f"the rule {rule.name!r} speaks of {condition.fact} {value!r}, there is none")
        for rule in policy.rules
        for condition in rule.conditions
        if condition.fact in known
        for value in condition.values
        if not value.endswith("*") and value not in known[condition.fact]
    ]
    problems += [
        Problem(rule.line, f"the rule {rule.name!r} uses the plan {rule.effect.plan!r}, there is none")
        for rule in policy.rules
        if rule.effect.plan is not None and rule.effect.plan not in names.plans
    ]
    return problems


def with_rule(policy: Policy, rule: Rule, *, before: str | None = None) -> Policy:
    """Return the policy with a new rule, last or before another.

    Raises:
        InvalidInputError: there is a rule of its name.
        NotFoundError: there is no rule to put it before.
    """
    if policy.find(rule.name) is not None:
        raise InvalidInputError(
            f"there is a rule {rule.name!r} already", hint="`kolco radius policy replace` changes it"
        )
    rules = list(policy.rules)
    rules.insert(len(rules) if before is None else rules.index(_get(policy, before)), rule)
    return replace(policy, rules=tuple(rules))


def with_replaced(policy: Policy, rule: Rule) -> Policy:
    """Return the policy with another rule in place of that of the same name; its note stays.

    Raises:
        NotFoundError: there is none.
    """
    old = _get(policy, rule.name)
    new = replace(rule, note=rule.note or old.note)
    return replace(policy, rules=tuple(new if one is old else one for one in policy.rules))


def without_rule(policy: Policy, name: str) -> Policy:
    """Return the policy without a rule.

    Raises:
        NotFoundError: there is none of that name.
    """
    old = _get(policy, name)
    return replace(policy, rules=tuple(rule for rule in policy.rules if rule is not old))


def with_moved(policy: Policy, name: str, *, before: str | None) -> Policy:
    """Return the policy with a rule before another, or last.

    Raises:
        NotFoundError: one of them does not exist.
    """
    rule = _get(policy, name)
    if before == name:
        return policy
    return with_rule(without_rule(policy, name), rule, before=before)


async def list_revisions(tx: Tx, limit: int) -> Sequence[Revision]:
    """Return revisions, the newest first."""
    return await repository.list_newest(tx, limit)


async def list_cui_resets(tx: Tx) -> dict[str, int]:
    """Return how often accounts have changed their identity, those that have."""
    return await repository.list_cui_resets(tx)


async def reset_cui(tx: Tx, account_id: str, now: datetime) -> None:
    """Give an account another Chargeable-User-Identity, unlinked to the one before.

    Raises:
        NotFoundError: there is no such account.
    """
    if not await repository.reset_cui(tx, account_id, now):
        raise NotFoundError(f"there is no account {account_id}", hint="`kolco account list` shows them")
    await outbox.add(tx, CuiWasReset(account_id))


def _get(policy: Policy, name: str) -> Rule:
    rule = policy.find(name)
    if rule is None:
        raise NotFoundError(f"there is no rule {name!r}", hint="`kolco radius policy list` shows them")
    return rule
