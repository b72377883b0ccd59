from monitoring.rules.services import SERVICE_ALERTS, SERVICE_RECORDINGS
from monitoring.rules.types import Alert, Recording


def test_the_groups_hold_one_kind_each():
    assert all(isinstance(rule, Recording) for rule in SERVICE_RECORDINGS.rules)
    assert all(isinstance(rule, Alert) for rule in SERVICE_ALERTS.rules)
