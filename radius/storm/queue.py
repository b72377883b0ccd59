"""The datagrams that wait in a storm: by priority, bounded, and not for longer than their NAS waits.

Work on what the NAS has given up on is lost, and an overloaded server that goes on with it answers
nothing in time. So what waited too long is dropped, and once logins have waited long the newest goes
first: whoever has waited longest is the likeliest to be asking again. Before, as after a short hiccup, they
go in order, or the first would wait until the last has been answered. All else goes in order anyway, for
it belongs together.
Says what was dropped and why; knows no socket and no clock.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from radius.protocol.connection import Address
from radius.protocol.errors import DropReason
from radius.storm.priority import Priority, classify

Waiting = tuple[bytes, Address, float]
"""(datagram, where from, when it arrived)"""

_LOGIN: Final = int(Priority.LOGIN)
_LONG: Final = 0.2
"""What share of its patience a login has waited when it has waited long."""


class StormQueue:
    """See the module.

    Args:
        most: datagrams that wait at most.
        patience_s: how long one may wait.
        shed: told where a dropped datagram came from, and why it was dropped.

    Attributes:
        waiting: how many wait.
    """

    def __init__(self, most: int, patience_s: float, shed: Callable[[Address, DropReason], None]) -> None:
        self._most = most
        self._patience_s = patience_s
        self._shed = shed
        self._queues: list[deque[Waiting]] = [deque() for _ in Priority]
        self.waiting = 0

    def put(self, data: bytes, source: Address, arrived_at: float) -> None:
        """Have a datagram wait; if there is no room, the oldest of the lowest priority makes some."""
        priority = int(classify(data))
        if self.waiting >= self._most and not self._make_room(priority):
            self._shed(source, DropReason.QUEUE_FULL)
            return
        self._queues[priority].append((data, source, arrived_at))
        self.waiting += 1

    def take(self, now: float) -> Waiting | None:
        """Return what is to be worked on next, or None; drops what waited too long."""
        oldest = now - self._patience_s
        for priority, queue in enumerate(self._queues):
            while queue and queue[0][2] < oldest:
                self._drop(queue, DropReason.WAITED_TOO_LONG)
            if queue:
                self.waiting -= 1
                newest = priority == _LOGIN and queue[0][2] < now - self._patience_s * _LONG
                return queue.pop() if newest else queue.popleft()
        return None

    def _make_room(self, priority: int) -> bool:
        """Drop one that is no more urgent than `priority`; False if there is none."""
        for lowest in range(len(self._queues) - 1, priority - 1, -1):
            queue = self._queues[lowest]
            if queue:
                self._drop(queue, DropReason.QUEUE_FULL)
                return True
        return False

    def _drop(self, queue: deque[Waiting], reason: DropReason) -> None:
        _, source, _ = queue.popleft()
        self.waiting -= 1
        self._shed(source, reason)
