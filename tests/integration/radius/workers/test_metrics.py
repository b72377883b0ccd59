"""What this very process uses, and what its parent would show."""

from prometheus_client import CollectorRegistry, generate_latest

from radius.workers.metrics import PoolMetrics, UsageMetrics, show_all


def test_a_process_shows_what_it_uses():
    registry = CollectorRegistry()
    UsageMetrics(registry, 3)
    labels = {"worker": "3"}
    assert registry.get_sample_value("kolco_radius_worker_cpu_seconds_total", labels) > 0
    assert registry.get_sample_value("kolco_radius_worker_resident_bytes", labels) > 1_000_000


def test_deaths_are_counted_from_zero():
    registry = CollectorRegistry()
    metrics = PoolMetrics(registry)
    metrics.watch(2, lambda: 1)
    metrics.count_death(1)
    text = generate_latest(registry).decode()
    for line in (
        "kolco_radius_workers 1.0",
        'kolco_radius_worker_deaths_total{worker="0"} 0.0',
        'kolco_radius_worker_deaths_total{worker="1"} 1.0',
    ):
        assert line in text


def test_the_reference_knows_them_all():
    registry = CollectorRegistry()
    show_all(registry)
    assert len(list(registry.collect())) == 4
