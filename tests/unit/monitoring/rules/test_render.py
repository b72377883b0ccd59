"""Every rule is sound by itself: it parses, its name follows the convention, its metrics exist."""

import re

import promql_parser
import pytest
import yaml

from monitoring.rules.render import RULE_FILES, all_rules, render_rules
from monitoring.rules.types import Alert, Recording

RULES = all_rules()


def test_the_files_hold_every_rule():
    held = [
        rule
        for text in render_rules().values()
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    ]
    assert held == [rule.as_mapping() for rule in RULES]
    assert set(render_rules()) == set(RULE_FILES)


def test_group_and_rule_names_are_unique():
    groups = [group.name for groups in RULE_FILES.values() for group in groups]
    assert len(set(groups)) == len(groups)
    names = [rule.alert if isinstance(rule, Alert) else rule.record for rule in RULES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: getattr(rule, "alert", None) or rule.record)
def test_the_expression_is_promql(rule):
    promql_parser.parse(rule.expr)


@pytest.mark.parametrize("rule", [r for r in RULES if isinstance(r, Recording)], ids=lambda rule: rule.record)
def test_recorded_names_are_level_metric_operation(rule):
    assert re.fullmatch(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", rule.record)


@pytest.mark.parametrize("rule", [r for r in RULES if isinstance(r, Alert)], ids=lambda rule: rule.alert)
def test_alerts_tell_people_what_to_do(rule):
    assert re.fullmatch(r"([A-Z][a-z0-9]+)+", rule.alert)
    assert rule.summary
    assert rule.description.endswith(".")
    assert rule.command.startswith("kolco ")
