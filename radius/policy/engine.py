"""Judges questions by a policy, quickly: the same facts at the same time have the same verdict.

Verdicts are remembered by their facts, of which a city has some thousands of kinds. What depends on
the time is settled once a minute for all: rules whose time has not come are left out, and what was
remembered is forgotten when that changes. Pure: the caller gives the time.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from radius.policy.rules import DAYS, NO_RULE, Condition, Facts, Policy, Rule, TimeCondition, Verdict, fact

_MINUTE_S: Final = 60
_MAX_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True)
class Look:
    """A condition that was looked at: what it is about, what was seen, and whether it held."""

    condition: Condition | TimeCondition
    seen: str
    holds: bool


@dataclass(frozen=True, slots=True)
class RuleLook:
    """A rule that was looked at, with its conditions up to the first that did not hold."""

    rule: Rule
    looks: tuple[Look, ...]

    @property
    def matches(self) -> bool:
        """Whether all conditions hold."""
        return all(look.holds for look in self.looks)


class Engine:
    """Judges by one policy.

    Args:
        policy: the rules.
        zone: the city's time zone.
    """

    def __init__(self, policy: Policy, zone: tzinfo) -> None:
        self.policy = policy
        self._zone = zone
        self._compiled = [
            (rule, _compile(rule), Verdict(rule.name, rule.effect, policy.revision, _is_about_account(rule)))
            for rule in policy.rules
        ]
        self._none = Verdict(revision=policy.revision) if policy.revision else NO_RULE
        self._timed = any(rule.times for rule in policy.rules)
        self._live: list[tuple[_Checks, Verdict]] = []
        self._live_names: list[str] | None = None
        self._since = 0.0
        self._until = 0.0
        self._memory: dict[Facts, Verdict] = {}

    def judge(self, now_s: float, facts: Facts) -> Verdict:
        """Return the verdict of the first rule that matches, at a moment in Unix seconds."""
        if not self._since <= now_s < self._until:
            self._settle(now_s)
        verdict = self._memory.get(facts)
        if verdict is None:
            verdict = self._find(facts)
        return verdict

    def explain(self, now_s: float, facts: Facts) -> list[RuleLook]:
        """Return the looks at the rules in order, the last one being the one that matched, if any did."""
        weekday, minute = self._local(now_s)
        looked = []
        for rule in self.policy.rules:
            looks: list[Look] = []
            for time in rule.times:
                looks.append(Look(time, _clock(weekday, minute), time.holds(weekday, minute)))
                if not looks[-1].holds:
                    break
            for condition in rule.conditions:
                if looks and not looks[-1].holds:
                    break
                seen = fact(facts, condition.fact)
                looks.append(Look(condition, seen, condition.holds(_plain(condition.fact, seen))))
            looked.append(RuleLook(rule, tuple(looks)))
            if looked[-1].matches:
                break
        return looked

    def _find(self, facts: Facts) -> Verdict:
        found = self._none
        for checks, verdict in self._live:
            for index, exact, prefixes, negated in checks:
                value = facts[index]
                if (value in exact or (value != "" and value.startswith(prefixes))) is negated:
                    break
            else:
                found = verdict
                break
        if len(self._memory) >= _MAX_REMEMBERED:
            self._memory.clear()
        self._memory[facts] = found
        return found

    def _settle(self, now_s: float) -> None:
        """Choose the rules whose time it is, for this minute or, without such, for ever."""
        weekday, minute = self._local(now_s)
        live = [
            (rule.name, checks, verdict)
            for rule, checks, verdict in self._compiled
            if all(time.holds(weekday, minute) for time in rule.times)
        ]
        names = [name for name, _, _ in live]
        if names != self._live_names:
            self._live_names = names
            self._live = [(checks, verdict) for _, checks, verdict in live]
            self._memory.clear()
        if self._timed:
            self._since = now_s // _MINUTE_S * _MINUTE_S
            self._until = self._since + _MINUTE_S
        else:
            self._since, self._until = float("-inf"), float("inf")

    def _local(self, now_s: float) -> tuple[int, int]:
        local = datetime.fromtimestamp(now_s, self._zone)
        return local.weekday(), local.hour * 60 + local.minute


_Checks = list[tuple[int, frozenset[str], tuple[str, ...], bool]]
"""(index of the fact, exact values, beginnings, negated) of each condition."""
_FACT_INDEX: Final = {"zone": 0, "site": 1, "ssid": 2, "nas": 3, "method": 4, "plan": 5, "account": 6}
_METHOD: Final = "method"
_METHOD_PREFIX: Final = "radius-"


def _is_about_account(rule: Rule) -> bool:
    return any(one.fact == "account" and not one.negated for one in rule.conditions)


def _compile(rule: Rule) -> _Checks:
    checks: _Checks = []
    for condition in rule.conditions:
        prefix = _METHOD_PREFIX if condition.fact == _METHOD else ""
        exact = frozenset(prefix + value for value in condition.values if not value.endswith("*"))
        beginnings = tuple(prefix + value[:-1] for value in condition.values if value.endswith("*"))
        checks.append((_FACT_INDEX[condition.fact], exact, beginnings, condition.negated))
    return checks


def _plain(name: str, value: str) -> str:
    """Return a fact as the text writes it: methods without their prefix."""
    return value.removeprefix(_METHOD_PREFIX) if name == _METHOD else value


def _clock(weekday: int, minute: int) -> str:
    return f"{DAYS[weekday]} {minute // 60:02}:{minute % 60:02}"
