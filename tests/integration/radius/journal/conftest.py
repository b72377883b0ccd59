"""A journal directory, writers, and packets as a NAS sends them."""

import pytest
from prometheus_client import CollectorRegistry

from radius.journal.metrics import WriterMetrics
from radius.journal.writer import Journal, Limits
from radius.metrics import RadiusMetrics
from radius.reply import ACCOUNTED


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "radius" / "journal"


@pytest.fixture
def metrics():
    return RadiusMetrics(CollectorRegistry())


@pytest.fixture
def open_writer(directory, metrics):
    """Makes a writer; `async with` it."""

    def make(**limits):
        return Journal(directory, Limits(**limits), WriterMetrics(metrics.tally), confirmation=ACCOUNTED)

    return make


@pytest.fixture
def counted(metrics):
    """What a counter says."""

    def read(name, *labels):
        return metrics.tally._counters[name].by[labels]

    return read
