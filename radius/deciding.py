"""How a question becomes an answer that is there at once, or comes once a decision has come."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from radius.authorize import Accepted, Decision
from radius.protocol.connection import RequestReceived
from radius.question import Question, Refused
from radius.reply import Answer

Decide = Callable[[Question], Decision | Awaitable[Decision]]
"""Decides on a question, at once if it can."""


class Render(Protocol):
    """Gives the answer of a decision to the NAS that asks; `method` as in `Answer.method`."""

    def __call__(self, decision: Decision, request: RequestReceived, /, method: str = "") -> Answer:
        """Return the answer."""


def when_decided(
    decision: Decision | Awaitable[Decision], then: Callable[[Decision], Answer]
) -> Answer | Awaitable[Answer]:
    """Return what `then` makes of a decision, at once if it is there."""
    if isinstance(decision, Accepted | Refused):
        return then(decision)
    return _later(decision, then)


async def _later(decision: Awaitable[Decision], then: Callable[[Decision], Answer]) -> Answer:
    return then(await decision)
