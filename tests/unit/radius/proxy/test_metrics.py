from prometheus_client import CollectorRegistry, generate_latest

from radius.proxy.metrics import ProxyMetrics


def test_home_servers_are_shown_and_forgotten():
    registry = CollectorRegistry()
    metrics = ProxyMetrics(registry)
    metrics.watch_home("a", "access", lambda: 1.0)
    metrics.watch_waiting(lambda: 7)
    metrics.watch_requests(lambda: 5)
    metrics.count_read()
    metrics.count_request("a", "accept", 0.01)
    metrics.count_request("a", "timeout")
    metrics.count_accounting("delivered")
    metrics.count_ignored("a", "bad-authenticator")
    shown = generate_latest(registry).decode()
    for line in (
        'kolco_radius_home_up{home="a",kind="access"} 1.0',
        'kolco_radius_proxied_total{home="a",outcome="accept"} 1.0',
        'kolco_radius_proxied_total{home="a",outcome="timeout"} 1.0',
        'kolco_radius_proxied_seconds_count{home="a"} 1.0',
        'kolco_radius_proxied_accounting_total{outcome="delivered"} 1.0',
        "kolco_radius_proxied_accounting_waiting 7.0",
        "kolco_radius_proxied_in_flight 5.0",
        "kolco_radius_routes_read_total 1.0",
        'kolco_radius_home_ignored_total{home="a",reason="bad-authenticator"} 1.0',
    ):
        assert line in shown
    metrics.forget_home("a", "access")
    assert "kolco_radius_home_up{" not in generate_latest(registry).decode()
