"""Work done in groups: what is asked at about the same time shares one transaction.

A transaction costs as much for one item as for a hundred, so a busy server does little more work than
an idle one. Records are stored in groups (group commit) and questions are answered in groups; each
asker hears only of its own, and only after its group is through. If a group fails, its items are
tried one by one, so a bad one does not take the others along; what fails even so is raised to its
asker.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from controller.core.log import get_logger

LOG_SPLIT = "radius.group_split"

Item = TypeVar("Item")
Result = TypeVar("Result")

_log = get_logger(__name__)


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    done: asyncio.Future[Result]


class Group(Generic[Item, Result]):
    """Collects items and has them worked on together.

    Args:
        work: does the work of a group; returns a result for each item, in order. None says that it
            did not get to the item: that goes first into the next group.
        max_items: most items of one group.
        wait_s: how long the first item of a group waits for others; while a group is worked on,
            the next gathers in any case.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Result | None]]],
        *,
        max_items: int,
        wait_s: float = 0.0,
    ) -> None:
        self._work = work
        self._max_items = max_items
        self._wait_s = wait_s
        self._queue: asyncio.Queue[_Waiting[Item, Result]] = asyncio.Queue()
        self._left: list[_Waiting[Item, Result]] = []

    async def submit(self, item: Item) -> Result:
        """Return an item's result, once its group is through.

        Raises:
            Exception: whatever its work raised.
        """
        waiting: _Waiting[Item, Result] = _Waiting(item, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.done

    async def run(self) -> None:
        """Work until cancelled; what is then under way has no result."""
        while True:
            group, self._left = self._left or [await self._queue.get()], []
            if self._wait_s and self._queue.qsize() + len(group) < self._max_items:
                await asyncio.sleep(self._wait_s)
            while len(group) < self._max_items and not self._queue.empty():
                group.append(self._queue.get_nowait())
            await self._do(group)

    async def _do(self, group: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            results = await self._work([waiting.item for waiting in group])
        except Exception as error:  # noqa: BLE001 - whatever it is goes to the item's asker
            if len(group) == 1:
                if not group[0].done.done():
                    group[0].done.set_exception(error)
                return
            # Only the kind of fault: a database's message may hold a device's address.
            _log.error(LOG_SPLIT, items=len(group), error=type(error).__name__)
            for waiting in group:
                await self._do([waiting])
            return
        for waiting, result in zip(group, results, strict=True):
            if result is None:
                self._left.append(waiting)
            elif not waiting.done.done():
                waiting.done.set_result(result)
