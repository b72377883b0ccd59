from prometheus_client import CollectorRegistry, generate_latest

from radius.index.metrics import IndexMetrics, count_fallbacks, show_all
from radius.tally import Tally


def test_fallbacks_are_counted_where_requests_are_answered():
    tally = Tally(registry := CollectorRegistry())
    count_fallbacks(tally)()
    assert "kolco_radius_index_fallbacks_total 1.0" in generate_latest(registry).decode()
    show_all(CollectorRegistry())


def test_the_state_is_read_when_asked_for():
    metrics = IndexMetrics(registry := CollectorRegistry())
    metrics.watch(
        age=lambda: 7.0, complete=lambda: 1.0, waiting=lambda: 3, count=lambda table: len(table.decode())
    )
    metrics.count_changes("event", 2)
    metrics.observe_compare(1.5)
    metrics.count_failure()
    shown = generate_latest(registry).decode()
    for line in (
        "kolco_radius_index_age_seconds 7.0",
        "kolco_radius_index_complete 1.0",
        "kolco_radius_index_waiting 3.0",
        'kolco_radius_index_entries{table="sessions"} 8.0',
        'kolco_radius_index_changes_total{by="event"} 2.0',
        'kolco_radius_index_changes_total{by="comparison"} 0.0',
        "kolco_radius_index_compare_seconds 1.5",
        "kolco_radius_index_failures_total 1.0",
    ):
        assert line in shown
