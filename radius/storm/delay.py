"""Access-Rejects that are kept back for a while, so that guessing passwords takes long.

All wait equally long, so they leave in the order they came. There is a limit to how many wait: one more
and the oldest leaves early. None is ever lost. Sends nothing and knows no clock.
"""

from collections import deque
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Delayed(Generic[Kept]):
    """See the module.

    Args:
        delay_s: how long each is kept.
        most: how many are kept at most.
    """

    def __init__(self, delay_s: float, most: int) -> None:
        self._delay_s = delay_s
        self._most = most
        self._kept: deque[tuple[float, Kept]] = deque()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    @property
    def due_at(self) -> float | None:
        """When the next is due; None if none is kept."""
        return self._kept[0][0] if self._kept else None

    def keep(self, item: Kept, now: float) -> list[Kept]:
        """Keep one more; return what must leave early for it."""
        self._kept.append((now + self._delay_s, item))
        return [self._kept.popleft()[1]] if len(self._kept) > self._most else []

    def take_due(self, now: float) -> list[Kept]:
        """Return what is due, in order; it is not kept any longer."""
        due = []
        while self._kept and self._kept[0][0] <= now:
            due.append(self._kept.popleft()[1])
        return due

    def take_all(self) -> list[Kept]:
        """Return everything that is kept."""
        left = [item for _, item in self._kept]
        self._kept.clear()
        return left
