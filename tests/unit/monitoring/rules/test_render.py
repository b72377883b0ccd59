"""Every rule is sound by itself: it parses, its name follows the convention, its metrics exist."""

import re
from functools import partial

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry

from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.portal.metrics import PortalMetrics
from controller.ap_channel.metrics import ChannelMetrics
from controller.core.tasks import Tasks
from monitoring.metrics import CATALOGUE
from monitoring.rules.render import RULE_FILES, all_rules, render_rules
from monitoring.rules.types import Alert, Recording
from radius.eap.metrics import EapMetrics
from radius.index.metrics import show_all as show_index
from radius.journal.metrics import show_all as show_journal
from radius.metrics import RadiusMetrics
from radius.proxy.metrics import ProxyMetrics
from radius.radsec.metrics import RadsecMetrics
from radius.tables import TableMetrics
from radius.workers.metrics import show_all as show_workers
from tests.factories.dashboards import queries, selectors

RULES = all_rules()
PROMETHEUS_OWN = {"up", "ALERTS"}
FOR_PEOPLE = {
    "city:wlan_ap_up:ratio",
    "city:wlan_ap_clients:sum",
    "district:wlan_sessions_open:sum",
    "district_band:wlan_radio_utilization:p90",
    "ap:wlan_ap_up:avg_over_time1d",
}
"""Recorded for questions asked by hand and for reports."""
HISTOGRAM_PARTS = ("_bucket", "_count", "_sum")


def exported() -> set[str]:
    """Every series name that a daemon's registry or the monitor's catalogue knows."""
    registry = CollectorRegistry()
    for make in (
        Tasks,
        ChannelMetrics,
        PortalMetrics,
        EapMetrics,
        ProxyMetrics,
        RadiusMetrics,
        RadsecMetrics,
        TableMetrics,
        show_journal,
        show_workers,
        show_index,
        partial(GatewayMetrics, gateway_id="gw"),
    ):
        make(registry)
    names = {metric.name for metric in CATALOGUE}
    for family in registry.collect():
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
        if family.type == "histogram":
            names |= {family.name + part for part in HISTOGRAM_PARTS}
    return names


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


def test_every_metric_that_is_read_is_one_that_is_exported_or_recorded():
    known = exported() | {rule.record for rule in RULES if isinstance(rule, Recording)} | PROMETHEUS_OWN
    read = {
        selector.name
        for expr in [*(rule.expr for rule in RULES), *(expr for _, _, expr in queries())]
        for selector in selectors(expr)
    }
    assert read <= known


def test_every_recording_is_read():
    read = {
        selector.name
        for expr in [*(rule.expr for rule in RULES), *(expr for _, _, expr in queries())]
        for selector in selectors(expr)
    }
    assert {rule.record for rule in RULES if isinstance(rule, Recording)} - read <= FOR_PEOPLE
