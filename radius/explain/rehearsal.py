"""A policy tried on decisions that were made: whom it would have refused, let in, or given other terms."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from controller.core.db import Database
from radius.explain import repository
from radius.explain.repository import Kept
from radius.explain.trace import Trace, decode_trace
from radius.policy.engine import Engine
from radius.policy.rules import Policy, Verdict
from radius.policy.text import describe_effect

_PAGE = 2_000
_PLAN = "the plan decides"


@dataclass(frozen=True, slots=True)
class Difference:
    """Decisions that would be another.

    Attributes:
        before: what was decided: the rule and its effect.
        after: what would be.
        count: how many decisions.
        denies: whether they were let in and would be refused.
        admits: whether they were refused and would be let in.
    """

    before: str
    after: str
    count: int
    denies: bool
    admits: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How many decisions were looked at, and those that differ, the most frequent first."""

    looked_at: int
    differences: tuple[Difference, ...]


async def rehearse(
    db: Database, present: Policy, tried: Policy, zone: tzinfo, *, since: datetime
) -> Rehearsal:
    """Judge what was decided since a moment by the present policy and by another.

    Only decisions that were kept count, and of those the ones that got as far as the policy.
    """
    old, new = Engine(present, zone), Engine(tried, zone)
    looked_at, after = 0, ""
    differing: Counter[tuple[Verdict, Verdict]] = Counter()
    while True:
        async with db.reading() as tx:
            page = await repository.list_judged(tx, since=since, after=after, limit=_PAGE)
        for kept, trace in _readable(page):
            looked_at += 1
            now_s = kept.at.timestamp()
            before, then = old.judge(now_s, trace.facts), new.judge(now_s, trace.facts)
            if before.effect != then.effect:
                differing[before, then] += 1
        if len(page) < _PAGE:
            break
        after = page[-1].id
    found = [
        Difference(
            _told(before),
            _told(then),
            count,
            bool(then.effect.deny) and not before.effect.deny,
            bool(before.effect.deny) and not then.effect.deny,
        )
        for (before, then), count in differing.most_common()
    ]
    return Rehearsal(looked_at, tuple(found))


def _readable(page: Iterable[Kept]) -> Iterable[tuple[Kept, Trace]]:
    for kept in page:
        try:
            yield kept, decode_trace(kept.trace)
        except ValueError:
            continue


def _told(verdict: Verdict) -> str:
    return f"{verdict.rule}: {describe_effect(verdict.effect)}" if verdict.rule else _PLAN
