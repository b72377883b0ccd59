from prometheus_client import CollectorRegistry

from radius.eap.metrics import EapMetrics


def test_conversations_by_method_and_outcome():
    registry = CollectorRegistry()
    metrics = EapMetrics(registry)
    metrics.count("ttls-pap", "accept")
    metrics.watch(lambda: 3)
    labels = {"method": "ttls-pap", "outcome": "accept"}
    assert registry.get_sample_value("kolco_radius_eap_total", labels) == 1
    assert registry.get_sample_value("kolco_radius_eap_sessions") == 3
