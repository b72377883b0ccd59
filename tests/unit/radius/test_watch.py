import pytest
from prometheus_client import CollectorRegistry, generate_latest

from radius.metrics import RadiusMetrics
from radius.watch import Rate, busy, compare, read_snapshot


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    return RadiusMetrics(registry)


def test_rates_between_two_looks(registry, metrics):
    metrics.count_reply("ap-1", "accept", "access", 0.001)
    metrics.count_dropped("unknown", "unknown-nas")
    before = read_snapshot(generate_latest(registry).decode())
    for _ in range(10):
        metrics.count_reply("ap-1", "accept", "access", 0.001)
    metrics.count_refusal("unknown-device")
    after = read_snapshot(generate_latest(registry).decode())
    rates = compare(before, after, 2.0)
    assert rates == [
        Rate("answered", "accept", "ap-1", 5.0, 11),
        Rate("refused", "unknown-device", "", 0.5, 1),
        Rate("dropped", "unknown-nas", "unknown", 0.0, 1),
    ]
    assert [rate.which for rate in busy(rates)] == ["accept", "unknown-device"]


def test_a_restart_is_no_negative_rate():
    key = ("answered", "accept", "ap-1")
    assert compare({key: 100.0}, {key: 3.0}, 1.0)[0].per_second == 0


def test_what_is_no_metrics_text_is_refused():
    with pytest.raises(ValueError, match=r"."):
        read_snapshot("<html>not metrics</html>")


def test_radsec_and_home_servers_are_seen():
    text = (
        "# TYPE kolco_radius_radsec_ended_total counter\n"
        'kolco_radius_radsec_ended_total{reason="unknown-peer"} 2.0\n'
        "# TYPE kolco_radius_proxied_total counter\n"
        'kolco_radius_proxied_total{home="metro",outcome="timeout"} 3.0\n'
    )
    seen = {(rate.what, rate.which, rate.total) for rate in compare({}, read_snapshot(text), 1.0)}
    assert seen == {("radsec ended", "unknown-peer", 2), ("proxied", "timeout", 3)}
