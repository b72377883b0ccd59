"""Counters and histograms as plain numbers in dictionaries: what a packet's budget can bear.

Counting is one dictionary entry; Prometheus's own objects are made only when somebody looks. Worker
processes `take` what they have counted since the last time, and the parent adds it up, so its sums only
grow, whatever becomes of a worker. Not for gauges.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from radius.tallied import Definition, Increment, Labels


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter of a tally: `counter.by[labels] += 1`, or `inc` where time is no matter.

    Attributes:
        name: of the metric, without `_total`.
        text: what it counts.
        labels: names of the labels.
        by: what was counted, by the labels' values.
    """

    name: str
    text: str
    labels: Labels
    by: defaultdict[Labels, int]

    def inc(self, *labels: str, by: int = 1) -> None:
        """Count."""
        self.by[labels] += by


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram of a tally.

    Attributes:
        name: of the metric.
        text: what it measures.
        labels: names of the labels.
        bounds: upper bounds of the buckets, ascending, without infinity.
        by: by the labels' values, how many values fell into each bucket, and last their sum.
    """

    name: str
    text: str
    labels: Labels
    bounds: Sequence[float]
    by: dict[Labels, list[float]]

    def observe(self, value: float, labels: Labels = ()) -> None:
        """Count a value."""
        row = self.by.get(labels)
        if row is None:
            row = self.start(labels)
        row[bisect_left(self.bounds, value)] += 1
        row[-1] += value

    def start(self, labels: Labels) -> list[float]:
        """Show these labels from now on, counted from zero: `rate()` does not see a first value."""
        return self.by.setdefault(labels, [0.0] * (len(self.bounds) + 2))


class Tally(Collector):
    """The counters and histograms of one process.

    Args:
        registry: where they are shown; None in a worker, which hands them to its parent.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        if registry is not None:
            registry.register(self)

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """Return the counter of that name, which is without `_total`; a new one, if there is none."""
        return self._counters.setdefault(name, Counter(name, text, labels, defaultdict(int)))

    def histogram(self, name: str, text: str, *labels: str, bounds: Sequence[float]) -> Histogram:
        """Return the histogram of that name; a new one, if there is none."""
        return self._histograms.setdefault(name, Histogram(name, text, labels, bounds, {}))

    def definitions(self) -> list[Definition]:
        """Return what this tally counts."""
        return [
            *(Definition(one.name, one.text, one.labels) for one in self._counters.values()),
            *(
                Definition(one.name, one.text, one.labels, tuple(one.bounds))
                for one in self._histograms.values()
            ),
        ]

    def define(self, definitions: Iterable[Definition]) -> None:
        """Count what another process's tally counts, too."""
        for one in definitions:
            if one.bounds:
                self.histogram(one.name, one.text, *one.labels, bounds=one.bounds)
            else:
                self.counter(one.name, one.text, *one.labels)

    def take(self) -> Increment:
        """Return what was counted since the last time, and count from zero again."""
        counters = {name: list(one.by.items()) for name, one in self._counters.items() if one.by}
        histograms = {
            name: [(labels, row) for labels, row in one.by.items() if any(row)]
            for name, one in self._histograms.items()
        }
        for counter in self._counters.values():
            counter.by.clear()
        for histogram in self._histograms.values():
            histogram.by.clear()
        return Increment(counters, histograms)

    def add(self, increment: Increment) -> None:
        """Add what another process counted; metrics that were not defined are left out."""
        for name, counted in increment.counters.items():
            counter = self._counters.get(name)
            if counter is not None:
                for labels, growth in counted:
                    counter.by[labels] += growth
        for name, rows in increment.histograms.items():
            histogram = self._histograms.get(name)
            if histogram is not None:
                for labels, growths in rows:
                    row = histogram.start(labels)
                    row[:] = [a + b for a, b in zip(row, growths, strict=True)]

    def collect(self) -> Iterable[Metric]:
        """Return what Prometheus shows; the caller may be another thread than the one that counts."""
        yield from map(_show_counter, list(self._counters.values()))
        yield from map(_show_histogram, list(self._histograms.values()))


def _show_counter(counter: Counter) -> Metric:
    family = CounterMetricFamily(counter.name, counter.text, labels=counter.labels)
    for labels, value in counter.by.copy().items():
        family.add_metric(labels, value)
    return family


def _show_histogram(histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.text, labels=histogram.labels)
    for labels, row in histogram.by.copy().items():
        shown = row.copy()
        family.add_metric(labels, list(_cumulate(histogram.bounds, shown)), shown[-1])
    return family


def _cumulate(bounds: Sequence[float], row: Sequence[float]) -> Iterator[tuple[str, float]]:
    """Yield (upper bound, number of values up to it), as Prometheus writes them."""
    below = 0.0
    for bound, number in zip((*map(str, map(float, bounds)), "+Inf"), row[:-1], strict=True):
        below += number
        yield bound, below
