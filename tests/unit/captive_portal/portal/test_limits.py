"""The sliding window."""

from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.limits import WindowLimiter


def test_spent_within_the_window_and_free_after_it() -> None:
    limiter = WindowLimiter(limit=2, window_s=10)
    limiter.add("a", 0)
    assert not limiter.is_spent("a", 1)
    limiter.add("a", 5)
    assert limiter.is_spent("a", 9.9)
    assert not limiter.is_spent("b", 9.9)
    assert not limiter.is_spent("a", 10)
    assert not limiter.is_spent("a", 20)
    assert len(limiter) == 0


def test_memory_is_bounded() -> None:
    limiter = WindowLimiter(limit=1, window_s=10, max_keys=3)
    for number in range(5):
        limiter.add(str(number), number)
    assert len(limiter) == 3
    assert limiter.is_spent("4", 4)
    assert not limiter.is_spent("0", 4)


@given(st.lists(st.floats(0, 1000), max_size=60).map(sorted), st.integers(1, 5), st.floats(0.5, 100))
def test_it_agrees_with_counting(times: list[float], limit: int, window_s: float) -> None:
    limiter = WindowLimiter(limit=limit, window_s=window_s)
    for index, now in enumerate(times):
        inside = sum(1 for earlier in times[:index] if earlier > now - window_s)
        assert limiter.is_spent("k", now) == (inside >= limit)
        limiter.add("k", now)
