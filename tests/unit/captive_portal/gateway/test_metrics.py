from prometheus_client import CollectorRegistry, generate_latest

from captive_portal.gateway.metrics import GatewayMetrics


def test_every_metric_carries_the_gateway():
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry, "gw-1")
    metrics.probes.labels("android", "captive").inc()
    metrics.opens.inc()
    text = generate_latest(registry).decode()
    assert 'kolco_gateway_probes_total{gateway="gw-1",os="android",state="captive"} 1.0' in text
    assert 'kolco_gateway_opens_total{gateway="gw-1"} 1.0' in text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all('gateway="gw-1"' in line for line in lines)
