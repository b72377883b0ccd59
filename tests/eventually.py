"""Waiting for what nobody tells a test: asked again and again, until it holds or the time is up.

Where something tells when it happens (an event, a future, a line of output), wait for that instead.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, TypeVar

T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.1


async def eventually(
    condition: Callable[[], T | Awaitable[T]],
    *,
    within_s: float = 15,
    despite: tuple[type[Exception], ...] = (),
) -> T:
    """Ask until the answer is true; return that answer.

    Args:
        condition: gives the answer, or an awaitable of it; what is false is "not yet".
        within_s: seconds until it is given up. Give a loaded machine plenty: who succeeds does not wait.
        despite: exceptions that are "not yet" too; any other ends the waiting.

    Raises:
        AssertionError: it did not come about; tells the last answer.
    """
    last: object = "no answer"
    pauses = _pauses()
    try:
        async with asyncio.timeout(within_s) as limit:
            while True:
                try:
                    asked = condition()
                    last = answer = await asked if inspect.isawaitable(asked) else asked
                    if answer:
                        return answer
                except despite as error:
                    last = error
                await asyncio.sleep(next(pauses))
    except TimeoutError:
        if not limit.expired():
            raise
        raise AssertionError(_complaint(condition, within_s, last)) from None


def eventually_blocking(
    condition: Callable[[], T], *, within_s: float = 15, despite: tuple[type[Exception], ...] = ()
) -> T:
    """Do the same where there is no event loop.

    Raises:
        AssertionError: it did not come about; tells the last answer.
    """
    last: object = "no answer"
    deadline = time.monotonic() + within_s
    for pause in _pauses():
        try:
            last = answer = condition()
            if answer:
                return answer
        except despite as error:
            last = error
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
    raise AssertionError(_complaint(condition, within_s, last))


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def _complaint(condition: Callable[[], Any], within_s: float, last: object) -> str:
    name = getattr(condition, "__qualname__", repr(condition))
    return f"not within {within_s:g} s: {name}; the last answer was {last!r}"
