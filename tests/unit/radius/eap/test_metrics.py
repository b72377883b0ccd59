from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from radius.eap.metrics import EapMetrics


def test_conversations_by_method_and_outcome():
    registry = CollectorRegistry()
    metrics = EapMetrics(registry)
    metrics.count("ttls-pap", "accept")
    metrics.watch(lambda: 3)
    metrics.show_expiry(datetime(2026, 1, 1, tzinfo=UTC))
    labels = {"method": "ttls-pap", "outcome": "accept"}
    assert registry.get_sample_value("kolco_radius_eap_total", labels) == 1
    assert registry.get_sample_value("kolco_radius_eap_sessions") == 3
    expiry = registry.get_sample_value("kolco_radius_eap_certificate_expiry_timestamp_seconds")
    assert expiry == 1_767_225_600
