from prometheus_client import CollectorRegistry, generate_latest

from controller.ap_channel.metrics import ChannelMetrics


def test_every_metric_is_on_the_registry_and_no_label_names_a_thing_of_the_city():
    registry = CollectorRegistry()
    metrics = ChannelMetrics(registry)
    metrics.connected.set(3)
    metrics.refused.labels("bad-json").inc()
    text = generate_latest(registry).decode()
    assert "kolco_ap_channel_connected 3.0" in text
    assert 'kolco_ap_channel_input_refused_total{reason="bad-json"} 1.0' in text
    assert "serial" not in text
