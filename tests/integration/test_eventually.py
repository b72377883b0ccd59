import asyncio
import time

import pytest

from tests.eventually import eventually, eventually_blocking


async def later(answers):
    return next(answers)


async def test_it_asks_until_the_answer_is_true_and_gives_it():
    answers = iter([None, 0, "there"])
    assert await eventually(lambda: next(answers)) == "there"
    answers = iter(["", "there"])
    assert await eventually(lambda: later(answers)) == "there"
    answers = iter([None, 0, "there"])
    assert eventually_blocking(lambda: next(answers)) == "there"


async def test_what_does_not_come_about_is_told_with_the_last_answer():
    def arrived():
        return []

    with pytest.raises(AssertionError, match=r"not within 0\.05 s: .*arrived; the last answer was \[\]"):
        await eventually(arrived, within_s=0.05)
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: .*arrived; the last answer was \[\]"):
        eventually_blocking(arrived, within_s=0.05)


async def test_only_what_was_named_is_borne():
    def away():
        raise ConnectionRefusedError("nobody there")

    for despite in ((), (ValueError,)):
        with pytest.raises(ConnectionRefusedError):
            await eventually(away, despite=despite)
        with pytest.raises(ConnectionRefusedError):
            eventually_blocking(away, despite=despite)
    with pytest.raises(AssertionError, match="nobody there"):
        await eventually(away, within_s=0.05, despite=(OSError,))
    with pytest.raises(AssertionError, match="nobody there"):
        eventually_blocking(away, within_s=0.05, despite=(OSError,))


async def test_a_time_limit_of_the_condition_itself_is_its_own():
    async def hangs():
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await eventually(hangs)
    started = time.monotonic()
    with pytest.raises(AssertionError, match="the last answer was 'no answer'"):
        await eventually(lambda: asyncio.Event().wait(), within_s=0.05)
    assert time.monotonic() - started < 10
