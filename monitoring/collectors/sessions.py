"""Metric families of citizens' sessions: how many are open, how many began and ended, how many bytes.

Pure. The counters never go down while the process lives: they add up the differences between looks
at the database, so rows removed by retention, or a total corrected downwards, are never seen by
Prometheus as a counter reset. They start at zero with the process, which Prometheus does treat as
one. It keeps no account, device, MAC or address: session ids stay in memory and never in a label.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from controller.sessions.types import EXPIRED, IDLE, QUOTA, REPLACED, TOO_MANY, USER_REQUEST
from monitoring import metrics as m
from monitoring.metrics import Family, Metric
from monitoring.snapshot import ChangedSession, Place, SessionsSnapshot

__all__ = ["END_REASONS", "METHODS", "SessionCounters"]

OTHER: Final = "other"
METHODS: Final = frozenset(
    {
        "sms",
        "voucher",
        "portal",
        "remembered",
        "radius-pap",
        "radius-chap",
        "radius-mab",
        "radius-tls",
        "radius-ttls",
        "radius-peap",
    }
)
# Why sessions end: what `controller.sessions` says, and what operators and RADIUS add to it.
END_REASONS: Final = frozenset(
    {
        USER_REQUEST,
        EXPIRED,
        IDLE,
        QUOTA,
        REPLACED,
        TOO_MANY,
        "admin",
        "admin-reset",
        "left",
        "lost-carrier",
        "nas-restart",
    }
)


PAGES_AT_ZERO: Final = 2
"""A new series is shown as zero first: what Prometheus has never seen lower, rate() does not count."""


@dataclass(slots=True)
class _Seen:
    up_bytes: int
    down_bytes: int
    ended: bool


def _labels(place: Place, gateway: str) -> tuple[str, str, str]:
    return (place.site, place.district, gateway)


def _closed(value: str, allowed: frozenset[str]) -> str:
    return value if value in allowed else OTHER


class SessionCounters:
    """Adds up what happened between looks at the database.

    The first look is the baseline: what is open then counts from its present bytes on, and is not
    counted as begun. Each look must hold every session changed since the one before; overlapping
    looks are fine, a session is counted once.
    """

    def __init__(self) -> None:
        """Start with every counter at zero and no baseline."""
        self._baseline = False
        self._page = 0
        self._born: dict[tuple[str, tuple[str, ...]], int] = {}
        self._seen: dict[str, _Seen] = {}
        self._open: Counter[tuple[str, ...]] = Counter()
        self._starts: Counter[tuple[str, ...]] = Counter()
        self._ends: Counter[tuple[str, ...]] = Counter()
        self._bytes: Counter[tuple[str, ...]] = Counter()

    @property
    def tracked(self) -> int:
        """How many sessions are held in memory."""
        return len(self._seen)

    def advance(self, snapshot: SessionsSnapshot) -> None:
        """Take in one look. Sessions that ended and are not in this look are forgotten."""
        # A group that has emptied stays, at zero: its line falls instead of breaking off.
        self._open = Counter(dict.fromkeys(self._open, 0))
        for group in snapshot.open:
            self._open[(*_labels(group.place, group.gateway), _closed(group.method, METHODS))] += group.count
        present = {row.session_id for row in snapshot.changed}
        for row in snapshot.changed:
            self._take(row)
        for session_id in [key for key, seen in self._seen.items() if seen.ended and key not in present]:
            del self._seen[session_id]
        self._baseline = True

    def _take(self, row: ChangedSession) -> None:
        place = _labels(row.place, row.gateway)
        seen = self._seen.get(row.session_id)
        if seen is None:
            start = (*place, _closed(row.method, METHODS))
            self._starts[start] += int(self._baseline)
            old = (
                _Seen(0, 0, ended=False)
                if self._baseline
                else _Seen(row.up_bytes, row.down_bytes, ended=row.ended)
            )
            seen = self._seen[row.session_id] = old
        for direction, before, after in (
            ("up", seen.up_bytes, row.up_bytes),
            ("down", seen.down_bytes, row.down_bytes),
        ):
            self._bytes[(*place, direction)] += max(0, after - before)
        if row.ended and not seen.ended:
            self._ends[(*place, _closed(row.end_reason, END_REASONS))] += 1
        seen.up_bytes = max(seen.up_bytes, row.up_bytes)
        seen.down_bytes = max(seen.down_bytes, row.down_bytes)
        seen.ended = seen.ended or row.ended

    def families(self) -> list[Family]:
        """Open sessions and the counters, for the next page."""
        self._page += 1
        return [
            Family(m.SESSIONS_OPEN, sorted(self._open.items())),
            self._shown(m.SESSION_STARTS, self._starts),
            self._shown(m.SESSION_ENDS, self._ends),
            self._shown(m.SESSION_BYTES, self._bytes),
        ]

    def _shown(self, metric: Metric, counter: Counter[tuple[str, ...]]) -> Family:
        samples: list[tuple[tuple[str, ...], float]] = []
        for labels, value in sorted(counter.items()):
            born = self._born.setdefault((metric.name, labels), self._page)
            samples.append((labels, value if self._page - born >= PAGES_AT_ZERO else 0))
        return Family(metric, samples)
