"""What is shown of the account index; no labels that name a person."""

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from radius.index.entries import TABLES
from radius.tally import Tally


def count_fallbacks(tally: Tally) -> Callable[[], None]:
    """Return what counts, in each process that answers, a login for which the index was not enough."""
    return tally.counter(
        "kolco_radius_index_fallbacks",
        "Logins that asked the database, because the account index was not complete.",
    ).inc


def show_all(registry: CollectorRegistry) -> None:
    """Show every metric of the index, for the reference."""
    IndexMetrics(registry)
    count_fallbacks(Tally(registry))


class IndexMetrics:
    """Counts and gauges of the keeper.

    Args:
        registry: where they are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._age = Gauge(
            "kolco_radius_index_age_seconds",
            "Since the account index was last known to hold every change of the database; grows while the "
            "database or the bus is away.",
            registry=registry,
        )
        self._complete = Gauge(
            "kolco_radius_index_complete",
            "1 if the account index answers without the database, 0 while it is made or caught up.",
            registry=registry,
        )
        self._entries = Gauge(
            "kolco_radius_index_entries", "Entries of the account index.", ["table"], registry=registry
        )
        self._changes = Counter(
            "kolco_radius_index_changes_total",
            "Entries written or removed: by events, or because a comparison found them different.",
            ["by"],
            registry=registry,
        )
        self._compared = Gauge(
            "kolco_radius_index_compare_seconds",
            "How long the last comparison with all of the database took.",
            registry=registry,
        )
        self._failures = Counter(
            "kolco_radius_index_failures_total",
            "Times the account index was given up and made anew.",
            registry=registry,
        )
        self._waiting = Gauge(
            "kolco_radius_index_waiting",
            "Changes that were heard of and are not yet in the account index.",
            registry=registry,
        )
        self._by = {by: self._changes.labels(by) for by in ("event", "comparison")}

    def watch(
        self,
        *,
        age: Callable[[], float],
        complete: Callable[[], float],
        waiting: Callable[[], float],
        count: Callable[[bytes], float],
    ) -> None:
        """Show the state of the index, read when it is asked for."""
        self._age.set_function(age)
        self._complete.set_function(complete)
        self._waiting.set_function(waiting)
        for table in TABLES:
            self._entries.labels(table.decode()).set_function(partial(count, table))

    def count_changes(self, by: str, number: int) -> None:
        """Count entries written or removed; `by` is event or comparison."""
        self._by[by].inc(number)

    def observe_compare(self, seconds: float) -> None:
        """Note how long a comparison took."""
        self._compared.set(seconds)

    def count_failure(self) -> None:
        """Count that the index was given up."""
        self._failures.inc()
