"""How long answers took: exact percentiles, because a storm is judged by its tail."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

_MS = 1_000.0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds from the first sending to the answer; 0 where nothing was answered."""

    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


class Latencies:
    """Seconds that answers took, put together from the parts of a run.

    Args:
        parts: seconds, in any order.
    """

    def __init__(self, parts: Iterable[Iterable[float]]) -> None:
        self._sorted = array("d", sorted(seconds for part in parts for seconds in part))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sorted)

    def within(self, seconds: float) -> int:
        """Return how many took no longer."""
        return bisect_right(self._sorted, seconds)

    def percentile(self, share: float) -> float:
        """Return the seconds that this share of the answers (0 to 1) took at most; 0.0 if there are none."""
        if not self._sorted:
            return 0.0
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]

    def percentiles(self) -> Percentiles:
        """Return the figures of a report."""
        p50, p90, p99, longest = (self.percentile(share) * _MS for share in (0.5, 0.9, 0.99, 1.0))
        return Percentiles(p50, p90, p99, longest)
