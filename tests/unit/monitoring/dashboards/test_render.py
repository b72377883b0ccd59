"""Every dashboard keeps the rules of Grafana's dashboard-linter, and reads metrics that exist.

The rule names in the tests are the linter's (grafana/dashboard-linter, docs/rules). One is left out
on purpose: job and instance variables. Fleet series carry district and site instead, and one city
has one of each daemon.
"""

from collections import Counter
from itertools import pairwise

import promql_parser
import pytest

from monitoring.metrics import find_metric
from monitoring.rules.render import all_rules
from monitoring.rules.types import Recording
from tests.factories.dashboards import calls, dashboards, fill, panels, queries, selectors

BOARDS = dashboards()
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in panels(board)]
EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
EACH_PANEL = pytest.mark.parametrize(("name", "panel"), PANELS, ids=[panel["title"] for _, panel in PANELS])
EACH_QUERY = pytest.mark.parametrize(
    ("name", "where", "expr"), queries(), ids=[where for _, where, _ in queries()]
)


@EACH_BOARD
def test_identity(board):
    assert board["uid"]
    assert len(board["uid"]) <= 40
    assert board["title"]
    assert board["description"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    titles = Counter(panel["title"] for panel in board["panels"])
    assert max(titles.values()) == 1


@EACH_BOARD
def test_uneditable_and_refreshing(board):
    assert board["editable"] is False
    assert board["refresh"]


@EACH_BOARD
def test_panels_do_not_overlap_and_fill_the_width(board):
    taken = Counter(
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    )
    assert max(taken.values()) == 1
    depth = max(y for _, y in taken) + 1
    assert len(taken) == 24 * depth
    rows = [panel["gridPos"]["y"] for panel in board["panels"] if panel["type"] == "row"]
    assert all(first < second for first, second in pairwise(rows))


@EACH_BOARD
def test_template_datasource_rule(board):
    (source,) = (v for v in board["templating"]["list"] if v["type"] == "datasource")
    assert (source["name"], source["query"], source["label"]) == ("datasource", "prometheus", "Data source")


@EACH_BOARD
def test_template_on_time_change_reload_and_label_promql_rules(board):
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        assert variable["refresh"] == 2
        assert variable["datasource"]["uid"] == "${datasource}"
        expr = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rpartition(",")[0]
        (selector,) = selectors(fill(expr))
        assert find_metric(selector.name)


@EACH_PANEL
def test_panel_rules(name, panel):
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}  # panel-datasource-rule
    assert panel["title"]  # panel-title-description-rule
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]  # panel-units-rule
    assert panel["targets"]  # panel-no-targets-rule
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


@EACH_PANEL
def test_rate_interval_rule(name, panel):
    for target in panel["targets"]:
        for call in calls(target["expr"].replace("$__rate_interval", "7m")):
            if call.func.name in {"rate", "irate", "increase"}:
                assert "[7m]" in call.prettify().replace(" ", "").replace("\n", "")


@EACH_QUERY
def test_promql_rule(name, where, expr):
    promql_parser.parse(expr)


@EACH_QUERY
def test_counter_agg_rule(name, where, expr):
    counters = {s.name for s in selectors(expr) if s.name.endswith("_total")}
    rated = {
        s.name
        for call in calls(expr)
        if call.func.name in {"rate", "increase"}
        for s in selectors(call.prettify())
    }
    assert counters <= rated


@EACH_QUERY
def test_fleet_series_are_filtered_by_district(name, where, expr):
    for selector in selectors(expr):
        metric = find_metric(selector.name)
        labels = metric.labels if metric else ()
        if "district" in labels:
            assert "district" in {matcher.name for matcher in selector.matchers.matchers}


@EACH_QUERY
def test_recorded_series_are_recorded(name, where, expr):
    recorded = {rule.record for rule in all_rules() if isinstance(rule, Recording)}
    assert {s.name for s in selectors(expr) if ":" in s.name} <= recorded
