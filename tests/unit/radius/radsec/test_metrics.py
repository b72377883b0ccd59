from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest

from radius.radsec.metrics import Ended, RadsecMetrics


def test_connections_are_counted_by_why_they_ended():
    registry = CollectorRegistry()
    metrics = RadsecMetrics(registry)
    metrics.count_accepted("ap")
    metrics.count_ended(Ended.REVOKED)
    metrics.watch(lambda: 3, lambda: 1)
    metrics.show_trust(2e9, None)
    metrics.show_peers(2, 300)
    shown = generate_latest(registry).decode()
    assert 'kolco_radius_radsec_accepted_total{nas="ap"} 1.0' in shown
    assert 'kolco_radius_radsec_ended_total{reason="revoked"} 1.0' in shown
    assert 'kolco_radius_radsec_ended_total{reason="garbage"} 0.0' in shown
    assert "kolco_radius_radsec_connections 3.0" in shown
    assert "kolco_radius_radsec_files_readable 1.0" in shown
    assert 'kolco_radius_radsec_peers{kind="access-point"} 300.0' in shown
    assert "kolco_radius_radsec_crl_next_update_timestamp_seconds 0.0" in shown
    metrics.show_trust(2e9, datetime(2030, 1, 1, tzinfo=UTC))
    assert "next_update_timestamp_seconds 1.8934" in generate_latest(registry).decode()
