"""Metrics of the worker processes themselves."""

import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_RESIDENT_AT: Final = 1
"""proc(5), /proc/self/statm: the second number, in pages."""


class PoolMetrics:
    """What the parent shows of its workers.

    Args:
        registry: where it is shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._workers = Gauge("kolco_radius_workers", "Worker processes that answer.", registry=registry)
        self._deaths = Counter(
            "kolco_radius_worker_deaths_total",
            "Worker processes that ended unasked and were started again.",
            ["worker"],
            registry=registry,
        )

    def watch(self, count: int, answering: Callable[[], float]) -> None:
        """Show how many of `count` workers answer, read when it is asked for, and deaths from zero on."""
        self._workers.set_function(answering)
        for number in range(count):
            self._deaths.labels(str(number))

    def count_death(self, worker: int) -> None:
        """Count a worker that ended unasked."""
        self._deaths.labels(str(worker)).inc()


class UsageMetrics(Collector):
    """What a worker process uses, as of when somebody looks.

    Args:
        registry: where it is shown.
        worker: its number.
    """

    def __init__(self, registry: CollectorRegistry, worker: int) -> None:
        self._labels = [str(worker)]
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Return processor time and memory of this process."""
        cpu = CounterMetricFamily(
            "kolco_radius_worker_cpu_seconds", "Processor time of a worker process.", labels=["worker"]
        )
        cpu.add_metric(self._labels, time.process_time())
        memory = GaugeMetricFamily(
            "kolco_radius_worker_resident_bytes", "Memory of a worker process.", labels=["worker"]
        )
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[_RESIDENT_AT])
        memory.add_metric(self._labels, pages * resource.getpagesize())
        return cpu, memory


def show_all(registry: CollectorRegistry) -> None:
    """Register every metric of workers, for the reference."""
    PoolMetrics(registry)
    UsageMetrics(registry, 0)
