"""What a policy is made of: named rules in order, the first that matches decides. Pure data.

Writing and reading them as text is `text`'s matter, judging `engine`'s.
"""

from dataclasses import dataclass, field
from typing import Final

FACTS: Final = ("zone", "site", "ssid", "nas", "method", "plan", "account")
"""What conditions look at, in the order of `Facts`; `time` comes besides."""
TIME: Final = "time"

Facts = tuple[str, str, str, str, str, str, str]
"""The facts of one question in the order of `FACTS`; empty: not known. The method is as in
`question.Method`, the account is its state: `active`, or `spent` if its volume is used up."""
ACTIVE: Final = "active"
SPENT: Final = "spent"

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 1_440


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the week in the city's time zone.

    Attributes:
        days: weekdays on which it begins, 0 for Monday, in order.
        start: minute of the day at which it begins, 0 to 1439.
        end: minute of the day at which it is over, 1 to 1440; below `start` it is of the next day.
    """

    days: tuple[int, ...]
    start: int
    end: int

    def holds(self, weekday: int, minute: int) -> bool:
        """Tell whether a minute (0 to 1439) of a weekday (0 to 6) lies in it."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        if minute >= self.start:
            return weekday in self.days
        return minute < self.end and (weekday - 1) % len(DAYS) in self.days


@dataclass(frozen=True, slots=True)
class Condition:
    """One look at one fact.

    Attributes:
        fact: one of `FACTS`.
        values: it holds if the fact is one of them; a value that ends in `*` stands for all that
            begin so.
        negated: it holds if the fact is none of them. A fact that is not known is none of them.
        line: where it stands in the text, 0 if it comes from none.
    """

    fact: str
    values: tuple[str, ...]
    negated: bool = False
    line: int = field(default=0, compare=False)

    def holds(self, value: str) -> bool:
        """Tell whether it holds for a fact."""
        found = any(
            value.startswith(wanted[:-1]) and bool(value) if wanted.endswith("*") else value == wanted
            for wanted in self.values
        )
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class TimeCondition:
    """Holds in any of some windows of the week, or in none of them if `negated`."""

    windows: tuple[Window, ...]
    negated: bool = False
    line: int = field(default=0, compare=False)

    def holds(self, weekday: int, minute: int) -> bool:
        """Tell whether it holds at a minute of a weekday."""
        return any(window.holds(weekday, minute) for window in self.windows) is not self.negated


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule does. None leaves what the plan says; all None and no `deny` lets in as planned.

    Attributes:
        deny: a word for the reason of refusing; empty: let in.
        plan: another plan for this session.
        session_s: longest time of the session.
        idle_s: longest silence.
        interim_s: between two accounting records.
        down_kbps: rate towards the device; 0: no limit.
        up_kbps: rate from the device; 0: no limit.
        vlan: 1 to 4094.
        filter: name of a filter or role that the access point knows.
    """

    deny: str = ""
    plan: str | None = None
    session_s: int | None = None
    idle_s: int | None = None
    interim_s: int | None = None
    down_kbps: int | None = None
    up_kbps: int | None = None
    vlan: int | None = None
    filter: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: if all conditions hold, its effect is the answer.

    Attributes:
        name: lower-case letters, digits and hyphens; once in a policy.
        conditions: all must hold; none: it matches always.
        times: as `conditions`, about the time.
        effect: what it does.
        note: comment lines that stand above it, without `#`.
        line: where it begins in the text, 0 if it comes from none.
    """

    name: str
    conditions: tuple[Condition, ...]
    effect: Effect
    times: tuple[TimeCondition, ...] = ()
    note: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in order, and the number of the revision they were stored as (0: not stored)."""

    rules: tuple[Rule, ...] = ()
    revision: int = 0

    def find(self, name: str) -> Rule | None:
        """Return the rule of that name, or None."""
        return next((rule for rule in self.rules if rule.name == name), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says of one question.

    Attributes:
        rule: name of the rule that decided; empty: none matched, so the plan decides.
        effect: what it does.
        revision: of the policy.
        about_account: the rule asks for a state of the account: so it knows what it lets in.
    """

    rule: str = ""
    effect: Effect = field(default_factory=Effect)
    revision: int = 0
    about_account: bool = False


NO_RULE: Final = Verdict()


def fact(facts: Facts, name: str) -> str:
    """Return one fact by its name."""
    return facts[FACTS.index(name)]
