from monitoring.rules.fleet import FLEET_ALERTS, FLEET_RECORDINGS
from monitoring.rules.types import Alert, Recording


def test_the_groups_hold_one_kind_each():
    assert all(isinstance(rule, Recording) for rule in FLEET_RECORDINGS.rules)
    assert all(isinstance(rule, Alert) for rule in FLEET_ALERTS.rules)


def test_smaller_outages_yield_to_larger_ones():
    alerts = {rule.alert: rule.expr for rule in FLEET_ALERTS.rules if isinstance(rule, Alert)}
    assert "unless on (site)" in alerts["WlanApDown"]
    assert "unless on (district)" in alerts["WlanSiteDown"]
