"""Radio values lie where real ones lie and move together."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from controller.city.fleet import radio
from controller.city.fleet.neighbours import find_neighbours
from controller.city.plan import plan_city

BANDS = st.sampled_from(["2G", "5G", "6G"])


@given(st.floats(0, 86_400))
def test_activity_is_a_share_and_the_night_is_quieter_than_the_evening(second: float) -> None:
    assert 0.0 <= radio.day_activity(second) <= 1.0
    assert radio.day_activity(4 * 3600) < 0.2
    assert radio.day_activity(19 * 3600) > 0.7


@given(BANDS, st.integers(0, 200), st.floats(0, 1), st.integers())
def test_busy_ratio_is_a_share(band, stations: int, activity: float, seed: int) -> None:
    assert 0.0 < radio.busy_ratio(band, stations, activity, Random(seed)) <= radio.MAX_BUSY_RATIO


@given(BANDS, st.integers(0, 40), st.floats(0, 1), st.integers())
def test_more_stations_and_a_busier_hour_fill_the_air(band, stations, activity, seed) -> None:
    few = radio.busy_ratio(band, stations, activity, Random(seed))
    assert radio.busy_ratio(band, stations + 10, activity, Random(seed)) >= few
    assert radio.busy_ratio(band, stations, 1.0, Random(seed)) >= few - 1e-9


@given(st.integers(-120, 0), st.integers())
def test_noise_stays_in_its_band(previous: int, seed: int) -> None:
    assert -95 <= radio.noise_dbm(previous, Random(seed)) <= -88


@given(st.floats(0, 1), st.integers(-95, -30))
def test_retries_grow_with_busy_air_and_weak_signal(busy: float, rssi: int) -> None:
    ratio = radio.retry_ratio(busy, rssi)
    assert 0.0 < ratio <= 0.6
    assert radio.retry_ratio(1.0, rssi) >= ratio
    assert radio.retry_ratio(busy, rssi - 10) >= ratio


@given(BANDS, st.integers(-95, -30))
def test_a_stronger_signal_never_has_a_slower_rate(band, rssi: int) -> None:
    assert radio.link_rate(band, rssi + 3).bitrate >= radio.link_rate(band, rssi).bitrate > 0


def test_frequencies_follow_the_standard() -> None:
    found = [radio.frequency_mhz(*pair) for pair in (("2G", 1), ("2G", 11), ("5G", 36), ("6G", 5))]
    assert found == [2412, 2462, 5180, 5975]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_working_radio_is_warm(busy: float, activity: float) -> None:
    assert 35 <= radio.temperature_c(busy, activity) <= 65


def test_nearest_neighbours_rarely_share_a_channel() -> None:
    points = [(ap.longitude, ap.latitude) for ap in plan_city(1, 1500).aps]
    neighbours = find_neighbours(points)
    for band, at_most in (("2G", 0.30), ("5G", 0.05)):
        planned = radio.plan_channels(band, neighbours)
        assert set(planned) <= set(radio.CHANNELS[band])
        shared = sum(planned[index] == planned[near[0]] for index, near in enumerate(neighbours) if near)
        assert shared / len(planned) < at_most
