"""The reference of metrics, rules and dashboards as Markdown, from the same tables the code runs on.

Pure text. Metrics of the other daemons are handed in as registries, for this package imports none
of them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from grafana_foundation_sdk.models import dashboard
from prometheus_client import CollectorRegistry

from monitoring.dashboards.render import DASHBOARDS
from monitoring.metrics import CATALOGUE
from monitoring.rules.render import all_rules
from monitoring.rules.types import Alert, Recording

__all__ = ["render_reference"]

_INTRO: Final = """# Metrics, rules, dashboards

<!-- Written by `kolco docs --out docs`. Do not edit. -->

What Prometheus reads, records and alerts on. `kolco monitor prometheus-config`, `kolco monitor rules`
and `kolco monitor dashboards` write the files. Units are base units, ratios run from 0 to 1, and no
label names a citizen: `ssid`, `band`, `method` and `reason` take values of closed lists only.
"""
_SEVERITY: Final = {"page": "wakes somebody up", "ticket": "waits for the morning"}


def render_reference(registries: Mapping[str, CollectorRegistry]) -> str:
    """Render the reference; `registries` are the other daemons' metrics by the daemon's name."""
    sections = [
        _INTRO,
        "\n## The monitor: the fleet and the sessions\n",
        _table(
            ("metric", "type", "labels", "meaning"),
            (
                (f"`{m.name}`", m.kind, " ".join(f"`{label}`" for label in m.labels), m.help)
                for m in CATALOGUE
            ),
        ),
    ]
    for name, registry in registries.items():
        sections += [f"\n## {name}\n", _table(("metric", "type", "meaning"), _registered(registry))]
    rules = all_rules()
    sections += [
        "\n## Alerts\n",
        _table(
            ("alert", "after", "severity", "meaning", "look with"),
            (
                (
                    f"`{rule.alert}`",
                    rule.hold,
                    _SEVERITY[rule.severity],
                    _plain(rule.description),
                    f"`{_plain(rule.command)}`",
                )
                for rule in rules
                if isinstance(rule, Alert)
            ),
        ),
        "\n## Recorded series\n",
        _table(
            ("series", "expression"),
            ((f"`{rule.record}`", f"`{_cell(rule.expr)}`") for rule in rules if isinstance(rule, Recording)),
        ),
    ]
    for build in DASHBOARDS.values():
        built = build()
        sections += [f"\n## Dashboard: {built.title}\n", _table(("panel", "what it shows"), _panels(built))]
    return "".join(sections)


def _registered(registry: CollectorRegistry) -> Iterable[tuple[str, str, str]]:
    for family in sorted(registry.collect(), key=lambda family: family.name):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        yield f"`{name}`", family.type, _cell(family.documentation)


def _panels(built: dashboard.Dashboard) -> Iterable[tuple[str, str]]:
    for panel in built.panels or []:
        if isinstance(panel, dashboard.Panel):
            yield panel.title or "", panel.description or ""


def _plain(template: str) -> str:
    """A Prometheus template for people: `{{ $labels.ap }}` becomes AP, a value becomes N."""
    text = template
    while "{{" in text:
        before, _, rest = text.partition("{{")
        inside, _, after = rest.partition("}}")
        word = inside.split("|")[0].strip().removeprefix("$labels.").upper()
        text = before + ("N" if word == "$VALUE" else word) + after
    return _cell(text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)
