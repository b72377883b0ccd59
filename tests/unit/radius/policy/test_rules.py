import pytest

from radius.policy.rules import Condition, Effect, Policy, Rule, TimeCondition, Window, fact

NIGHT = Window((4,), 1380, 360)


@pytest.mark.parametrize(
    ("weekday", "minute", "holds"),
    [(4, 1379, False), (4, 1380, True), (5, 359, True), (5, 360, False), (4, 100, False), (5, 1400, False)],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins(weekday, minute, holds):
    assert NIGHT.holds(weekday, minute) is holds
    assert TimeCondition((NIGHT,), negated=True).holds(weekday, minute) is not holds


@pytest.mark.parametrize(
    ("values", "value", "holds"),
    [
        (("parks",), "parks", True),
        (("parks", "ring"), "ring", True),
        (("parks",), "", False),
        (("park*",), "park-7", True),
        (("park*",), "par", False),
        (("park*",), "", False),
    ],
)
def test_conditions(values, value, holds):
    assert Condition("zone", values).holds(value) is holds
    assert Condition("zone", values, negated=True).holds(value) is not holds


def test_facts_by_name():
    facts = ("z", "s", "i", "n", "m", "p", "a")
    assert [fact(facts, name) for name in ("zone", "method", "account")] == ["z", "m", "a"]


def test_rules_are_found_by_name():
    rules = tuple(Rule(name, (), Effect()) for name in "abc")
    assert Policy(rules).find("b") is rules[1]
    assert Policy(rules).find("x") is None
