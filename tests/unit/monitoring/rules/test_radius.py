from pathlib import Path

import monitoring
from monitoring.rules.radius import RADIUS_ALERTS, RADIUS_RECORDINGS
from monitoring.rules.types import Alert, Recording

GUIDE = Path(monitoring.__file__).parents[1] / "docs" / "operating.md"


def test_the_groups_hold_one_kind_each():
    assert all(isinstance(rule, Recording) for rule in RADIUS_RECORDINGS.rules)
    assert all(isinstance(rule, Alert) for rule in RADIUS_ALERTS.rules)


def test_the_operating_guide_says_what_to_do_about_each():
    guide = GUIDE.read_text(encoding="utf-8")
    assert {rule.alert for rule in RADIUS_ALERTS.rules if f"`{rule.alert}`" not in guide} == set()
