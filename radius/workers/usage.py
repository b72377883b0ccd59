"""What a worker process uses: processor time and memory, shown by its number."""

import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_RESIDENT_AT: Final = 1
"""proc(5), /proc/self/statm: the second number, in pages."""


class _Usage(Collector):
    def __init__(self, worker: int) -> None:
        self._labels = [str(worker)]

    def collect(self) -> Iterable[Metric]:
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


def watch_usage(registry: CollectorRegistry, worker: int) -> None:
    """Show what this process uses, as of when somebody looks."""
    registry.register(_Usage(worker))
