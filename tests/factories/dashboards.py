"""Panels, queries and variables of a rendered dashboard, and queries with Grafana's variables filled in."""

import json
from typing import Any

import promql_parser

from monitoring.dashboards.render import render_dashboards

SUBSTITUTES = {"$__rate_interval": "1m", "$__range": "1h", "$district": ".+", "$site": ".+"}


def dashboards() -> dict[str, dict[str, Any]]:
    return {name: json.loads(text) for name, text in render_dashboards().items()}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries() -> list[tuple[str, str, str]]:
    """(dashboard, panel and reference, PromQL) of every query."""
    return [
        (name, f"{panel['title']} {target['refId']}", fill(target["expr"]))
        for name, board in dashboards().items()
        for panel in panels(board)
        for target in panel["targets"]
    ]


def fill(expr: str) -> str:
    for variable, value in SUBSTITUTES.items():
        expr = expr.replace(variable, value)
    if "$" in expr:
        raise ValueError(f"a variable is left in {expr}")
    return expr


def selectors(expr: str) -> list[promql_parser.VectorSelector]:
    """Every series selector of the expression."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expr), visit)
    return found


def calls(expr: str) -> list[promql_parser.Call]:
    """Every function call of the expression."""
    found: list[promql_parser.Call] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.Call):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expr), visit)
    return found
