from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from radius.policy.engine import Engine
from radius.policy.rules import FACTS, NO_RULE, Policy
from radius.policy.text import parse_policy

MOSCOW = ZoneInfo("Europe/Moscow")
POLICY = parse_policy("""
rule park-nights
    zone  parks
    time  fri 23:00-06:00
    deny  closed-at-night
rule staff
    plan   staff
    method tls, ttls
    allow
    vlan   120
rule guests
    ssid  not City*
    allow
    down  5M
""")


def facts(**given):
    return tuple(given.get(name, "") for name in FACTS)


def moment(day, hour, minute=0):
    """Unix time of a moment in Moscow in the week of Monday, 2026-11-23."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW).timestamp()


def judge(now_s, engine=None, **given):
    engine = engine or Engine(POLICY, MOSCOW)
    verdict = engine.judge(now_s, facts(**given))
    looks = engine.explain(now_s, facts(**given))
    assert (looks[-1].rule.name if looks and looks[-1].matches else "") == verdict.rule
    assert all(not look.matches for look in looks[:-1])
    return verdict


def test_the_first_rule_that_matches_decides():
    assert (
        judge(moment(27, 23), zone="parks", plan="staff", method="radius-tls").effect.deny
        == "closed-at-night"
    )
    assert judge(moment(27, 22), zone="parks", plan="staff", method="radius-tls").effect.vlan == 120
    assert judge(moment(27, 22), zone="parks", plan="staff", method="radius-pap", ssid="City").rule == ""


def test_a_fact_that_is_not_known_is_none_of_the_values():
    assert judge(moment(27, 12), ssid="").rule == "guests"
    assert judge(moment(27, 12), ssid="City Free").rule == ""


def test_the_time_is_the_citys_and_moves_on():
    engine = Engine(POLICY, MOSCOW)
    seen = [
        judge(moment(*when), engine, zone="parks", ssid="City").rule
        for when in [(27, 22, 59), (27, 23, 0), (28, 5, 59), (28, 6, 0), (27, 23, 30), (24, 23, 30)]
    ]
    assert seen == ["", "park-nights", "park-nights", "", "park-nights", ""]


def test_the_minute_itself_is_seen_at_its_first_second():
    engine = Engine(POLICY, MOSCOW)
    edge = moment(27, 23)
    assert judge(edge - 0.001, engine, zone="parks", ssid="City").rule == ""
    assert judge(edge, engine, zone="parks", ssid="City").rule == "park-nights"


def test_no_rules_say_nothing():
    assert Engine(Policy(), UTC).judge(0.0, facts()) is NO_RULE
    assert Engine(Policy((), 3), UTC).judge(0.0, facts()).revision == 3


def test_verdicts_name_the_revision():
    engine = Engine(Policy(POLICY.rules, 7), MOSCOW)
    verdict = engine.judge(moment(27, 12), facts())
    assert (verdict.rule, verdict.revision) == ("guests", 7)


def test_what_is_remembered_is_bounded():
    engine = Engine(POLICY, MOSCOW)
    for number in range(65_537):
        judge(moment(27, 12), engine, ssid=f"s{number}")
    assert len(engine._memory) == 1
    assert judge(moment(27, 12), engine, ssid="s0").rule == "guests"


def test_looks_say_what_was_seen():
    looks = Engine(POLICY, MOSCOW).explain(
        moment(27, 23), facts(zone="ring", plan="staff", method="radius-pap")
    )
    shown = [[(look.seen, look.holds) for look in rule.looks] for rule in looks]
    assert shown == [
        [("fri 23:00", True), ("ring", False)],
        [("staff", True), ("radius-pap", False)],
        [("", True)],
    ]


@given(
    st.lists(st.tuples(*(st.sampled_from(["", "parks", "staff", "City"]) for _ in FACTS)), max_size=8),
    st.lists(st.integers(0, 14 * 86_400), min_size=1, max_size=4),
)
def test_quick_judging_agrees_with_looking(questions, times):
    engine = Engine(POLICY, MOSCOW)
    for second in times:
        for question in questions:
            now_s = moment(23, 0) + second
            looks = engine.explain(now_s, question)
            matched = looks[-1].rule.name if looks[-1].matches else ""
            assert engine.judge(now_s, question).rule == matched


def test_a_rule_about_accounts_is_known_as_one():
    policy = parse_policy("rule a\n account spent\n allow\n down 256k\nrule b\n account not spent\n allow\n")
    assert judge(0.0, Engine(policy, MOSCOW), account="spent").about_account
    assert not judge(0.0, Engine(policy, MOSCOW), account="active").about_account
