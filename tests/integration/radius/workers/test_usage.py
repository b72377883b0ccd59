"""What this very process uses."""

from prometheus_client import CollectorRegistry

from radius.workers.usage import watch_usage


def test_a_process_shows_what_it_uses():
    registry = CollectorRegistry()
    watch_usage(registry, 3)
    labels = {"worker": "3"}
    assert registry.get_sample_value("kolco_radius_worker_cpu_seconds_total", labels) > 0
    assert registry.get_sample_value("kolco_radius_worker_resident_bytes", labels) > 1_000_000
