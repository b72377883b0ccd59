from prometheus_client import CollectorRegistry, generate_latest

from radius.mpsk.metrics import RingMetrics, show_all
from radius.tally import Tally


def test_tries_are_counted_and_keys_shown():
    registry = CollectorRegistry()
    metrics = RingMetrics(Tally(registry), registry)
    metrics.count_tries(3)
    metrics.count_tries(2)
    metrics.watch(lambda: 7)
    shown = generate_latest(registry).decode()
    assert "kolco_radius_network_key_tries_total 5.0" in shown
    assert "kolco_radius_network_keys 7.0" in shown


def test_the_reference_knows_them():
    registry = CollectorRegistry()
    show_all(registry)
    assert "kolco_radius_network_keys" in {family.name for family in registry.collect()}
