"""Prometheus's rule files from the rules: pure text, one file per subject."""

from collections.abc import Iterable
from typing import Final

import yaml

from monitoring.rules.fleet import FLEET_ALERTS, FLEET_RECORDINGS
from monitoring.rules.radius import RADIUS_ALERTS, RADIUS_RECORDINGS
from monitoring.rules.services import SERVICE_ALERTS, SERVICE_RECORDINGS
from monitoring.rules.types import Alert, Group, Recording

__all__ = ["RULE_FILES", "all_rules", "render_rule_file", "render_rules"]

RULE_FILES: Final[dict[str, tuple[Group, ...]]] = {
    "kolco-fleet.rules.yml": (FLEET_RECORDINGS, FLEET_ALERTS),
    "kolco-services.rules.yml": (SERVICE_RECORDINGS, SERVICE_ALERTS),
    "kolco-radius.rules.yml": (RADIUS_RECORDINGS, RADIUS_ALERTS),
}
_HEADER: Final = "# Written by `kolco monitor rules`; changes here are lost.\n"
_WIDTH: Final = 10_000


def render_rule_file(groups: Iterable[Group]) -> str:
    """One rule file: YAML that `promtool check rules` accepts."""
    content = {"groups": [group.as_mapping() for group in groups]}
    return _HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=_WIDTH)


def render_rules() -> dict[str, str]:
    """Every rule file: name to text."""
    return {name: render_rule_file(groups) for name, groups in RULE_FILES.items()}


def all_rules() -> list[Recording | Alert]:
    """Every rule of every file."""
    return [rule for groups in RULE_FILES.values() for group in groups for rule in group.rules]
