from prometheus_client import CollectorRegistry, generate_latest

from radius.metrics import RadiusMetrics
from radius.protocol.errors import DropReason


def test_what_is_counted_is_shown():
    registry = CollectorRegistry()
    metrics = RadiusMetrics(registry)
    metrics.count_request("ap-1", "access")
    metrics.count_reply("ap-1", "reject", "access", 0.004, "pap")
    metrics.count_reply("ap-1", "reject", "access", 0.004, "pap")
    metrics.count_refusal("unknown-device")
    metrics.count_dropped("unknown", DropReason.UNKNOWN_NAS)
    metrics.count_duplicate("ap-1")
    metrics.count_accounting("start", "started")
    metrics.count_disconnect("ap-1", "ack")
    metrics.observe_batch(7)
    metrics.watch_clients(lambda: 3)
    metrics.watch_port("access", in_flight=lambda: 1, remembered=lambda: 2, waiting=lambda: 5)
    metrics.watch_drops("access", lambda: 4)
    metrics.count_handed_over("sent")
    text = generate_latest(registry).decode()
    for line in (
        'kolco_radius_requests_total{kind="access",nas="ap-1"} 1.0',
        'kolco_radius_replies_total{nas="ap-1",outcome="reject"} 2.0',
        'kolco_radius_refusals_total{reason="unknown-device"} 1.0',
        'kolco_radius_dropped_total{nas="unknown",reason="unknown-nas"} 1.0',
        'kolco_radius_duplicates_total{nas="ap-1"} 1.0',
        'kolco_radius_reply_seconds_bucket{kind="access",le="0.005",method="pap"} 2.0',
        'kolco_radius_reply_seconds_count{kind="accounting",method=""} 0.0',
        'kolco_radius_handed_over_total{outcome="sent"} 1.0',
        'kolco_radius_accounting_records_total{kind="start",outcome="started"} 1.0',
        'kolco_radius_disconnects_total{answer="ack",nas="ap-1"} 1.0',
        "kolco_radius_accounting_batch_records_sum 7.0",
        "kolco_radius_nas_clients 3.0",
        'kolco_radius_in_flight{port="access"} 1.0',
        'kolco_radius_remembered{port="access"} 2.0',
        'kolco_radius_kernel_drops{port="access"} 4.0',
        'kolco_radius_waiting{port="access"} 5.0',
    ):
        assert line in text
