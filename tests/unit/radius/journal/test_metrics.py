from prometheus_client import CollectorRegistry, generate_latest

from radius.journal.metrics import ApplierMetrics, WriterMetrics, show_all
from radius.metrics import RadiusMetrics


def test_what_is_counted_is_shown():
    registry = CollectorRegistry()
    metrics = RadiusMetrics(registry)
    writer, applier = WriterMetrics(metrics.tally), ApplierMetrics(metrics.tally, registry, metrics)
    writer.observe_group(3)
    writer.count_not_stored("disk-full", 2)
    writer.count_decision_left_out()
    applier.observe_batch(5)
    applier.count_accounting("start", "started")
    applier.count_set_aside("accounting")
    applier.count_torn("torn")
    applier.count_decisions(4)
    applier.count_stale("ap-down", 6)
    applier.watch_backlog(lambda: 7.0, lambda: 8.0)
    applier.show_limit(9)
    shown = generate_latest(registry).decode()
    for line in (
        "kolco_radius_journal_group_records_sum 3.0",
        'kolco_radius_journal_not_stored_total{reason="disk-full"} 2.0',
        "kolco_radius_decisions_not_recorded_total 1.0",
        "kolco_radius_accounting_batch_records_sum 5.0",
        'kolco_radius_accounting_records_total{kind="start",outcome="started"} 1.0',
        'kolco_radius_journal_set_aside_total{kind="accounting"} 1.0',
        'kolco_radius_journal_torn_total{how="torn"} 1.0',
        "kolco_radius_decisions_recorded_total 4.0",
        'kolco_radius_stale_sessions_total{reason="ap-down"} 6.0',
        "kolco_radius_journal_backlog_bytes 7.0",
        "kolco_radius_journal_backlog_age_seconds 8.0",
        "kolco_radius_journal_limit_bytes 9.0",
    ):
        assert line in shown


def test_the_reference_shows_what_may_go_wrong_from_zero_on():
    registry = CollectorRegistry()
    show_all(registry)
    shown = generate_latest(registry).decode()
    assert 'kolco_radius_journal_not_stored_total{reason="disk-full"} 0.0' in shown
    assert 'kolco_radius_journal_set_aside_total{kind="accounting"} 0.0' in shown
    assert "kolco_radius_accounting_records_total" not in shown
