"""The catalogue keeps the naming rules of Prometheus and of this project."""

import pytest

from monitoring.metrics import CATALOGUE, Metric, find_metric

UNIT_SUFFIX = {
    "bytes": ("_bytes", "_bytes_total"),
    "celsius": ("_celsius",),
    "dbm": ("_dbm",),
    "hertz": ("_hertz",),
    "info": ("_info",),
    "ratio": ("_ratio",),
    "seconds": ("_seconds",),
    "timestamp": ("_timestamp_seconds",),
}
FORBIDDEN_LABELS = {"mac", "ip", "phone", "account", "device", "hostname", "user", "bssid", "station"}


def test_names_are_unique():
    names = [metric.name for metric in CATALOGUE]
    assert len(names) == len(set(names)) > 30


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_the_name_says_kind_and_unit(metric: Metric):
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith(UNIT_SUFFIX.get(metric.unit, ("",)))
    assert metric.help.endswith(".")


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_no_label_can_name_a_citizen(metric: Metric):
    assert not FORBIDDEN_LABELS & set(metric.labels)
    assert len(set(metric.labels)) == len(metric.labels)


def test_find_metric():
    assert find_metric("wlan_ap_up") in CATALOGUE
    assert find_metric("wlan_ap_down") is None
