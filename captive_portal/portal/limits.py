"""Sliding-window counters of one process, bounded in memory. Pure: the caller gives the time.

For limits that may be forgotten at a restart. Caps that cost money count rows in the database.
"""

from collections import OrderedDict, deque
from typing import Final

_MAX_KEYS: Final = 100_000


class WindowLimiter:
    """Counts events a key in the last `window_s` seconds."""

    def __init__(self, *, limit: int, window_s: float, max_keys: int = _MAX_KEYS) -> None:
        """Keep at most `max_keys` keys; the one longest without an event is forgotten first."""
        self._limit = limit
        self._window_s = window_s
        self._max_keys = max_keys
        self._events: OrderedDict[str, deque[float]] = OrderedDict()

    def is_spent(self, key: str, now: float) -> bool:
        """Whether `limit` events of `key` lie within the window. `now` is in monotonic seconds."""
        events = self._events.get(key)
        if events is None:
            return False
        while events and events[0] <= now - self._window_s:
            events.popleft()
        if not events:
            del self._events[key]
            return False
        return len(events) >= self._limit

    def add(self, key: str, now: float) -> None:
        """Count an event."""
        events = self._events.setdefault(key, deque(maxlen=self._limit))
        events.append(now)
        self._events.move_to_end(key)
        if len(self._events) > self._max_keys:
            self._events.popitem(last=False)

    def __len__(self) -> int:
        """Keys held now."""
        return len(self._events)
