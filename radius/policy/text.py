"""A policy as text that engineers read, write and keep under version control.

    # Parks are dark at night, and so is their Wi-Fi.
    rule park-nights
        zone    parks, gardens
        time    mon-sun 23:00-06:00
        plan    not staff
        deny    closed-at-night

    rule staff
        plan    staff
        allow
        vlan    120
        session 8h
        down    50M

A rule is its name, its conditions, and what it does: `deny REASON`, or `allow` with what is to be other
than the plan says. All conditions must hold; of several values one is enough; the first rule that
matches decides. A value that ends in `*` stands for all that begin so; one with spaces stands in
double quotes. Comments stand on lines of their own and belong to the rule that follows. Pure.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.core.errors import InvalidInputError
from radius.policy.rules import (
    ACTIVE,
    FACTS,
    SPENT,
    TIME,
    Condition,
    Effect,
    Policy,
    Rule,
    TimeCondition,
    Window,
)
from radius.policy.values import (
    NAME,
    read_duration,
    read_filter,
    read_interim,
    read_plan,
    read_rate,
    read_vlan,
    read_window,
    render_window,
    show_duration,
    show_rate,
)

ACCOUNTS: Final = (ACTIVE, SPENT)
METHODS: Final = ("pap", "chap", "mschapv2", "mab", "mpsk", "tls", "ttls", "peap")
MAX_RULES: Final = 500
MAX_OCTETS: Final = 200_000

_NOT: Final = "not"
_INDENT: Final = "    "
_WIDTH: Final = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text, and in which line, counted from 1."""

    line: int
    reason: str


class PolicyTextError(InvalidInputError):
    """A text that is no policy; `data["problems"]` says where and why, all at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__(
            "the policy cannot be used: nothing was changed",
            hint="`kolco radius policy show` prints the one in force",
            problems=[{"line": one.line, "column": 0, "reason": one.reason} for one in self.problems],
        )


@dataclass(slots=True)
class _Draft:
    """A rule that is being read."""

    name: str
    line: int
    note: list[str]
    conditions: list[Condition]
    times: list[TimeCondition]
    effect: dict[str, Any]
    said: dict[str, int]
    """Key: the line that said it."""


def parse_policy(text: str) -> Policy:
    """Read a policy.

    Raises:
        PolicyTextError: it is none.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_OCTETS:
        raise PolicyTextError([Problem(0, f"more than {MAX_OCTETS} octets")])
    problems: list[Problem] = []
    drafts: list[_Draft] = []
    note: list[str] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if line.startswith("#"):
            note.append(line[1:].strip())
            continue
        if not line:
            continue
        try:
            key, *values = _words(line)
            if key == "rule":
                drafts.append(_Draft(_one_name(values), number, note, [], [], {}, {}))
                note = []
            else:
                draft = _last(drafts)
                draft.note += note
                note = []
                _take(draft, key, values, number)
        except ValueError as error:
            problems.append(Problem(number, str(error)))
    if drafts:
        drafts[-1].note += note
    problems += _whole(drafts)
    if problems:
        raise PolicyTextError(problems)
    return Policy(tuple(_rule(draft) for draft in drafts))


def render_policy(policy: Policy) -> str:
    """Return the policy as text; `parse_policy` reads it as the same."""
    return "\n".join("".join(f"{line}\n" for line in render_rule(rule)) for rule in policy.rules)


def render_rule(rule: Rule) -> list[str]:
    """Return the lines of one rule."""
    lines = [f"# {line}".rstrip() for line in rule.note]
    lines.append(f"rule {rule.name}")
    lines += [_line(TIME, render_windows(time.windows), negated=time.negated) for time in rule.times]
    lines += [
        _line(condition.fact, ", ".join(map(_quote, condition.values)), negated=condition.negated)
        for condition in rule.conditions
    ]
    effect = rule.effect
    if effect.deny:
        return [*lines, _line("deny", effect.deny)]
    lines.append(f"{_INDENT}allow")
    for key, (field, _, show) in _OVERRIDES.items():
        value = getattr(effect, field)
        if value is not None:
            lines.append(_line(key, show(value)))
    return lines


def render_windows(windows: Iterable[Window]) -> str:
    """Return windows of the week as text: `mon-fri 08:00-18:00, sun`."""
    return ", ".join(render_window(window) for window in windows)


def describe_effect(effect: Effect) -> str:
    """Return what a rule does in a line: `deny closed`, `allow, vlan 120, down 50M`."""
    if effect.deny:
        return f"deny {effect.deny}"
    parts = [
        f"{key} {show(getattr(effect, field))}"
        for key, (field, _, show) in _OVERRIDES.items()
        if getattr(effect, field) is not None
    ]
    return ", ".join(["allow", *parts])


def _words(line: str) -> list[str]:
    """Split a line at spaces and commas; what stands in double quotes is one word.

    Commas must stand between values, so that a forgotten quote is found.
    """
    if _QUOTED in line:
        raise ValueError("a control character")
    words: list[str] = []
    position = 0
    for match in _TOKEN.finditer(line):
        if match.start() != position:
            break
        position = match.end()
        quoted, plain, _ = match.groups()
        if quoted is not None:
            words.append(_QUOTED + _ESCAPED.sub(r"\1", quoted))
        elif plain is not None:
            words.append(plain)
        else:
            words.append(",")
    if position != len(line):
        raise ValueError(f"cannot read {line[position:]!r}: a quote is missing")
    return words


_QUOTED: Final = "\0"
"""Begins a word that stood in quotes."""
_TOKEN: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\["\\])*)"|([^\s",]+)|(,))\s*')
_ESCAPED: Final = re.compile(r'\\(["\\])')
_PLAIN: Final = re.compile(r"[^\s\",#\0\\]+")


def _quote(value: str) -> str:
    if _PLAIN.fullmatch(value) and value != _NOT:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _line(key: str, value: str, *, negated: bool = False) -> str:
    return f"{_INDENT}{key:{_WIDTH}}{'not ' if negated else ''}{value}".rstrip()


def _last(drafts: list[_Draft]) -> _Draft:
    if not drafts:
        raise ValueError("before the first rule: begin with `rule NAME`")
    return drafts[-1]


def _one_name(values: list[str]) -> str:
    if len(values) != 1 or not NAME.fullmatch(values[0]):
        raise ValueError("a rule has one name of lower-case letters, digits and hyphens")
    return values[0]


def _take(draft: _Draft, key: str, values: list[str], number: int) -> None:
    if key in draft.said and key != TIME and key not in FACTS:
        raise ValueError(f"{key!r} is said already in line {draft.said[key]}")
    draft.said.setdefault(key, number)
    if key in FACTS or key == TIME:
        negated = bool(values) and values[0] == _NOT
        items = _items(values[1:] if negated else values)
        if key == TIME:
            windows = tuple(read_window(" ".join(item)) for item in items)
            draft.times.append(TimeCondition(windows, negated, number))
        else:
            draft.conditions.append(Condition(key, _checked(key, items), negated, number))
    elif key == "allow":
        if values:
            raise ValueError("'allow' stands alone; what is to be other stands on lines of its own")
    elif key == "deny":
        if len(values) != 1 or not NAME.fullmatch(values[0]):
            raise ValueError("'deny' needs one word for the reason: lower-case letters, digits and hyphens")
        draft.effect["deny"] = values[0]
    elif key in _OVERRIDES:
        field, read, _ = _OVERRIDES[key]
        if len(values) != 1:
            raise ValueError(f"{key!r} needs one value")
        draft.effect[field] = read(values[0].removeprefix(_QUOTED))
    else:
        raise ValueError(f"there is no {key.removeprefix(_QUOTED)!r}: {_KEYS}")


def _items(words: list[str]) -> list[list[str]]:
    """Return the words of each value; values stand between commas."""
    items: list[list[str]] = [[]]
    for word in words:
        if word == ",":
            items.append([])
        else:
            items[-1].append(word)
    if not all(items):
        raise ValueError("a value is missing")
    return items


def _checked(key: str, items: list[list[str]]) -> tuple[str, ...]:
    values = []
    for item in items:
        if len(item) != 1:
            shown = " ".join(word.removeprefix(_QUOTED) for word in item)
            raise ValueError(f"{shown!r}: commas stand between values, quotes around one with spaces")
        value = item[0].removeprefix(_QUOTED)
        if not value or not value.isprintable() or "*" in value[:-1] or value == "*":
            raise ValueError(f"{value!r} is no value; `*` may stand at the end of a beginning")
        if key == "method" and value not in METHODS:
            raise ValueError(f"there is no method {value!r}: {', '.join(METHODS)}")
        if key == "account" and value not in ACCOUNTS:
            raise ValueError(f"there is no state {value!r} of an account: {', '.join(ACCOUNTS)}")
        values.append(value)
    return tuple(values)


_OVERRIDES: Final[dict[str, tuple[str, Callable[[str], Any], Callable[[Any], str]]]] = {
    "use": ("plan", read_plan, str),
    "session": ("session_s", read_duration, show_duration),
    "idle": ("idle_s", read_duration, show_duration),
    "interim": ("interim_s", read_interim, show_duration),
    "down": ("down_kbps", read_rate, show_rate),
    "up": ("up_kbps", read_rate, show_rate),
    "vlan": ("vlan", read_vlan, str),
    "filter": ("filter", read_filter, str),
}
"""Word of the text: field of the effect, how to read it, how to write it. `plan` is a condition."""
_KEYS: Final = (
    f"conditions are {', '.join(FACTS)} and {TIME}; effects are deny, allow, {', '.join(_OVERRIDES)}"
)


def _whole(drafts: list[_Draft]) -> list[Problem]:
    """Return what is wrong with the rules as a whole."""
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for draft in drafts:
        if draft.name in seen:
            problems.append(
                Problem(draft.line, f"there is a rule {draft.name!r} already in line {seen[draft.name]}")
            )
        seen.setdefault(draft.name, draft.line)
        denies, allows = "deny" in draft.said, "allow" in draft.said
        if denies == allows:
            reason = "both denies and allows" if denies else "says neither 'deny' nor 'allow'"
            problems.append(Problem(draft.line, f"the rule {draft.name!r} {reason}"))
        elif denies and len(draft.effect) > 1:
            problems.append(Problem(draft.line, f"the rule {draft.name!r} denies: nothing else can be set"))
    if len(drafts) > MAX_RULES:
        problems.append(Problem(drafts[MAX_RULES].line, f"more than {MAX_RULES} rules"))
    return problems


def _rule(draft: _Draft) -> Rule:
    return Rule(
        draft.name,
        tuple(draft.conditions),
        replace(Effect(), **draft.effect),
        tuple(draft.times),
        tuple(draft.note),
        draft.line,
    )
