import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from radius.workers.families import FamilyReport, FamilySums, report_families


class Process:
    """A process's own metrics."""

    def __init__(self):
        self.registry = CollectorRegistry()
        self.ends = Counter("ends_total", "Ends.", ["how"], registry=self.registry)
        self.open = Gauge("open", "Open.", registry=self.registry)
        self.clients = Gauge("kolco_radius_nas_clients", "Clients.", registry=self.registry)
        self.wait = Histogram("wait_seconds", "Waits.", buckets=(1, 2), registry=self.registry)

    def report(self):
        sent = msgspec.msgpack.encode(report_families(self.registry.collect()))
        return msgspec.msgpack.decode(sent, type=list[FamilyReport])


class Shown:
    def __init__(self, families):
        self.families = families

    def collect(self):
        return self.families


def lines(sums, own=None):
    families = sums.merge([] if own is None else own.registry.collect())
    return generate_latest(Shown(families)).decode().splitlines()


def test_counters_and_histograms_are_summed_and_gauges_by_their_rule():
    sums, own = FamilySums(), Process()
    own.ends.labels("well").inc(10)
    own.clients.set(5)
    for number, ends in enumerate((1, 2)):
        worker = Process()
        worker.ends.labels("well").inc(ends)
        worker.open.set(3)
        worker.clients.set(4 + number)
        worker.wait.observe(1.5)
        sums.take(number, worker.report())
    shown = lines(sums, own)
    for line in (
        'ends_total{how="well"} 13.0',
        "open 6.0",
        "kolco_radius_nas_clients 5.0",
        'wait_seconds_bucket{le="1.0"} 0.0',
        'wait_seconds_bucket{le="2.0"} 2.0',
        "wait_seconds_count 2.0",
        "wait_seconds_sum 3.0",
    ):
        assert line in shown
    assert len([line for line in shown if line.startswith("# TYPE ends_total")]) == 1
    assert not [line for line in shown if "_created" in line]


def test_what_an_ended_worker_counted_stays_and_its_gauges_go():
    sums = FamilySums()
    first = Process()
    first.ends.labels("well").inc(7)
    first.open.set(3)
    sums.take(0, first.report())
    sums.retire(0)
    second = Process()
    second.ends.labels("well").inc(1)
    second.open.set(1)
    sums.take(0, second.report())
    assert 'ends_total{how="well"} 8.0' in lines(sums)
    assert "open 1.0" in lines(sums)


def test_a_metric_of_which_only_ended_workers_told_is_kept():
    sums = FamilySums()
    worker = Process()
    worker.ends.labels("badly").inc()
    sums.take(3, worker.report())
    sums.retire(3)
    assert 'ends_total{how="badly"} 1.0' in lines(sums)
