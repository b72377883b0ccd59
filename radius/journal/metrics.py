"""What the journal counts: in the writers of all workers, and in the one applier."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from radius.journal.errors import NotStored
from radius.journal.format import Kind
from radius.metrics import RadiusMetrics
from radius.tally import Tally

_GROUP_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class WriterMetrics:
    """Counts of a writer.

    Args:
        tally: where they are shown.
    """

    def __init__(self, tally: Tally) -> None:
        self._groups = tally.histogram(
            "kolco_radius_journal_group_records", "Records made safe by one sync.", bounds=_GROUP_BUCKETS
        )
        self._groups.start(())
        self._not_stored = tally.counter(
            "kolco_radius_journal_not_stored",
            "Accounting records not acknowledged because they could not be made safe.",
            "reason",
        ).by
        for reason in NotStored:  # shown from zero on, so that rate() sees the first
            self._not_stored[reason.value,] += 0
        self._left_out = tally.counter(
            "kolco_radius_decisions_not_recorded", "Decisions not kept for explanation: there were too many."
        ).by

    def observe_group(self, records: int) -> None:
        """Note how many records one sync made safe."""
        self._groups.observe(records)

    def count_not_stored(self, reason: str, records: int) -> None:
        """Count records that are not acknowledged."""
        self._not_stored[reason,] += records

    def count_decision_left_out(self) -> None:
        """Count a decision that is not kept."""
        self._left_out[()] += 1


class ApplierMetrics:
    """Counts of the applier.

    Args:
        tally: where counts are shown.
        registry: where gauges are shown.
        metrics: counts what became of accounting.
    """

    def __init__(self, tally: Tally, registry: CollectorRegistry, metrics: RadiusMetrics) -> None:
        self.observe_batch = metrics.observe_batch
        self.count_accounting = metrics.count_accounting
        self._set_aside = tally.counter(
            "kolco_radius_journal_set_aside", "Journal records that could not be applied.", "kind"
        ).by
        for kind in Kind:
            self._set_aside[kind.name.lower(),] += 0
        self._torn = tally.counter(
            "kolco_radius_journal_torn", "Segments whose end was cut, by `torn` or `damaged`.", "how"
        ).by
        self._closed = tally.counter(
            "kolco_radius_stale_sessions", "Sessions ended because nothing was heard of them.", "reason"
        ).by
        self._decisions = tally.counter(
            "kolco_radius_decisions_recorded", "Decisions kept for explanation."
        ).by
        self._backlog = Gauge(
            "kolco_radius_journal_backlog_bytes",
            "Octets of acknowledged records that are not yet in the database.",
            registry=registry,
        )
        self._age = Gauge(
            "kolco_radius_journal_backlog_age_seconds",
            "Age of the oldest acknowledged record that is not yet in the database.",
            registry=registry,
        )

        self._limit = Gauge(
            "kolco_radius_journal_limit_bytes",
            "Octets that the journals may take; beyond them no accounting is acknowledged.",
            registry=registry,
        )

    def show_limit(self, octets: int) -> None:
        """Show how much room the journals have."""
        self._limit.set(octets)

    def count_set_aside(self, kind: str) -> None:
        """Count a record that could not be applied."""
        self._set_aside[kind,] += 1

    def count_torn(self, how: str) -> None:
        """Count a segment whose end was cut."""
        self._torn[how,] += 1

    def count_decisions(self, records: int) -> None:
        """Count decisions that were kept."""
        self._decisions[()] += records

    def count_stale(self, reason: str, sessions: int) -> None:
        """Count sessions that were ended because nothing was heard of them."""
        self._closed[reason,] += sessions

    def watch_backlog(self, octets: Callable[[], float], age_s: Callable[[], float]) -> None:
        """Show the backlog, read when it is asked for."""
        self._backlog.set_function(octets)
        self._age.set_function(age_s)


def show_all(registry: CollectorRegistry) -> None:
    """Show every metric of the journal, for the reference."""
    tally = Tally(registry)
    WriterMetrics(tally)
    ApplierMetrics(tally, registry, RadiusMetrics(CollectorRegistry()))
