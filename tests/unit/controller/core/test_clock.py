from datetime import timedelta

from controller.core.clock import SystemClock


def test_the_clock_is_aware_and_in_utc_and_never_goes_back():
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()
