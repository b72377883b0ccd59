import pytest

from radius.journal.precedence import Standing, choose_wait


def test_what_comes_in_slower_than_it_is_applied_is_applied_at_once():
    assert choose_wait(Standing(growth=900, pace=1000, lag_s=0), 10) == 0


def test_a_burst_is_waited_out():
    assert 0 < choose_wait(Standing(growth=5000, pace=1000, lag_s=1), 10) <= 0.25


@pytest.mark.parametrize(("lag_s", "wait_s"), [(4.9, 0.1), (5, 0), (60, 0)])
def test_half_of_the_lag_is_for_catching_up(lag_s, wait_s):
    assert choose_wait(Standing(growth=5000, pace=1000, lag_s=lag_s), 10) == pytest.approx(wait_s)


def test_nothing_waits_that_was_never_measured_or_may_not():
    assert choose_wait(Standing(growth=5000, pace=0, lag_s=0), 10) == 0
    assert choose_wait(Standing(growth=5000, pace=1000, lag_s=0), 0) == 0
