import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.policy.rules import Condition, Effect, Policy, Rule, TimeCondition, Window
from radius.policy.text import (
    MAX_OCTETS,
    MAX_RULES,
    METHODS,
    PolicyTextError,
    describe_effect,
    parse_policy,
    render_policy,
    render_rule,
)

PARKS = """\
# Parks are dark at night, and so is their Wi-Fi.
rule park-nights
    time    23:00-06:00, fri-mon 12:00-13:30
    zone    parks, "Old Town"
    plan    not staff
    deny    closed-at-night

rule staff
    ssid    guest*
    allow
    session 8h
    idle    90s
    interim 5m
    down    50M
    up      0
    vlan    120
    filter  staff.role
    use     night
"""


def problems(text):
    with pytest.raises(PolicyTextError) as caught:
        parse_policy(text)
    assert caught.value.data["problems"] == [
        {"line": problem.line, "column": 0, "reason": problem.reason} for problem in caught.value.problems
    ]
    return [(problem.line, problem.reason) for problem in caught.value.problems]


def test_a_policy_is_read():
    parks, staff = parse_policy(PARKS).rules
    assert parks == Rule(
        "park-nights",
        (Condition("zone", ("parks", "Old Town")), Condition("plan", ("staff",), negated=True)),
        Effect(deny="closed-at-night"),
        (TimeCondition((Window(tuple(range(7)), 1380, 360), Window((0, 4, 5, 6), 720, 810))),),
        ("Parks are dark at night, and so is their Wi-Fi.",),
    )
    assert staff.effect == Effect("", "night", 28_800, 90, 300, 50_000, 0, 120, "staff.role")
    assert (parks.line, parks.conditions[0].line, staff.line) == (2, 4, 8)


def test_what_is_written_is_what_was_read():
    policy = parse_policy(PARKS)
    assert parse_policy(render_policy(policy)) == policy
    assert render_rule(policy.rules[0]) == PARKS.splitlines()[:6]


def test_an_empty_policy_has_no_rules():
    assert parse_policy("\n# nothing\n") == Policy()
    assert render_policy(Policy()) == ""


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("zone parks", 1, "rule NAME"),
        ("rule A", 1, "lower-case"),
        ("rule a b", 1, "one name"),
        ("rule a\n deny no\nrule a\n deny no", 3, "already in line 1"),
        ("rule a\n zone x", 1, "neither"),
        ("rule a\n allow\n deny x", 1, "both"),
        ("rule a\n deny x\n vlan 5", 1, "nothing else"),
        ("rule a\n allow\n allow", 3, "already in line 2"),
        ("rule a\n allow x", 2, "alone"),
        ("rule a\n deny", 2, "one word"),
        ("rule a\n deny No", 2, "one word"),
        ("rule a\n colour red\n allow", 2, "there is no 'colour'"),
        ('rule a\n "zone" x\n allow', 2, "there is no 'zone'"),
        ("rule a\n ssid City Free\n allow", 2, "quotes"),
        ('rule a\n ssid "City Free\n allow', 2, "quote is missing"),
        ("rule a\n ssid a,\n allow", 2, "missing"),
        ("rule a\n ssid a*b\n allow", 2, "beginning"),
        ("rule a\n ssid *\n allow", 2, "beginning"),
        ('rule a\n ssid ""\n allow', 2, "no value"),
        ("rule a\n ssid\n allow", 2, "missing"),
        ("rule a\n ssid a\0b\n allow", 2, "control"),
        ("rule a\n method telnet\n allow", 2, "no method"),
        ("rule a\n account rich\n allow", 2, "no state"),
        ("rule a\n time 8:00-9:00\n allow", 2, "weekday"),
        ("rule a\n allow\n vlan 4095", 3, "1 to 4094"),
        ("rule a\n allow\n vlan 5 6", 3, "one value"),
    ],
)
def test_errors_name_the_line_and_the_reason(text, line, word):
    ((at, reason),) = problems(text)
    assert at == line
    assert word in reason


def test_all_errors_are_told_at_once():
    assert [line for line, _ in problems("rule a\n vlan 0\n down x\n allow\nrule b\n")] == [2, 3, 5]


def test_limits():
    assert "octets" in problems("#" * (MAX_OCTETS + 1))[0][1]
    many = "".join(f"rule r{number}\n allow\n" for number in range(MAX_RULES + 1))
    assert problems(many) == [(2 * MAX_RULES + 1, f"more than {MAX_RULES} rules")]


def test_effects_in_a_line():
    assert describe_effect(Effect(deny="closed")) == "deny closed"
    assert describe_effect(Effect(vlan=12, down_kbps=1500)) == "allow, down 1500k, vlan 12"


words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda word: "*" not in word
)
values = st.one_of(words, words.map(lambda word: f"{word} {word}"), words.map(lambda word: f"{word}*"))
names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
windows = st.builds(
    lambda first, count, start, length: Window(
        tuple(sorted((first + step) % 7 for step in range(count))),
        start,
        (start + length - 1) % 1440 + 1,
    ),
    st.integers(0, 6),
    st.integers(1, 7),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
conditions = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(["zone", "site", "ssid", "nas", "plan"]),
        st.lists(values, min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Condition, st.just("method"), st.lists(st.sampled_from(METHODS), min_size=1).map(tuple), st.booleans()
    ),
    st.builds(Condition, st.just("account"), st.sampled_from([("spent",), ("active", "spent")])),
)
effects = st.one_of(
    st.builds(Effect, deny=names),
    st.builds(
        Effect,
        plan=st.none() | names,
        session_s=st.none() | st.integers(1, 10**7),
        interim_s=st.none() | st.integers(60, 10**5),
        down_kbps=st.none() | st.integers(0, 4_000_000),
        vlan=st.none() | st.integers(1, 4094),
        filter=st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,9}", fullmatch=True),
    ),
)
notes = st.lists(words | st.just(""), max_size=2).map(tuple)
rules = st.builds(
    Rule,
    names,
    st.lists(conditions, max_size=3).map(tuple),
    effects,
    st.lists(
        st.builds(TimeCondition, st.lists(windows, min_size=1, max_size=2).map(tuple), st.booleans()),
        max_size=2,
    ).map(tuple),
    notes,
)


@given(st.lists(rules, max_size=4, unique_by=lambda rule: rule.name))
def test_every_policy_survives_being_written(rules):
    policy = Policy(tuple(rules))
    assert parse_policy(render_policy(policy)) == policy


@given(st.text() | st.lists(st.sampled_from([*PARKS.split(), "\n", '"', ","])).map(" ".join))
def test_any_text_is_a_policy_or_says_why_not(text):
    try:
        policy = parse_policy(text)
    except PolicyTextError as error:
        problems = error.problems
    else:
        problems = [parse_policy(render_policy(policy)) == policy]
    assert all(problems)
    assert problems
