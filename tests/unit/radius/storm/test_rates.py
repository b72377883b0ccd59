from radius.storm.rates import NasRates


def count(rates, nas, times, now):
    return sum(rates.admit(nas, now) for _ in range(times))


def test_a_second_of_burst_then_the_rate():
    rates = NasRates(10)
    assert count(rates, "a", 100, 0.0) == 10
    assert count(rates, "a", 100, 0.5) == 5
    assert count(rates, "a", 100, 60.0) == 10


def test_one_that_goes_mad_does_not_starve_another():
    rates = NasRates(1)
    assert count(rates, "a", 10, 0.0) == 1
    assert count(rates, "b", 10, 0.0) == 1


def test_a_rate_below_one_lets_one_through_now_and_then():
    rates = NasRates(0.5)
    assert [rates.admit("a", now) for now in (0.0, 1.0, 2.0, 2.5, 4.0)] == [True, False, True, False, True]


def test_over_a_long_time_the_rate_is_kept():
    rates = NasRates(50)
    admitted = sum(rates.admit("a", number / 1000) for number in range(10_000))
    assert 500 <= admitted <= 551
