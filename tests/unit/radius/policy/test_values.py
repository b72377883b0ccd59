import pytest

from radius.policy import values
from radius.policy.rules import Window


@pytest.mark.parametrize(
    ("text", "window", "shown"),
    [
        ("mon-fri 08:00-18:00", Window((0, 1, 2, 3, 4), 480, 1080), None),
        ("fri-mon 23:30-06:00", Window((0, 4, 5, 6), 1410, 360), None),
        ("sun", Window((6,), 0, 1440), "sun 00:00-24:00"),
        ("00:00-24:00", Window(tuple(range(7)), 0, 1440), None),
        ("tue-mon 01:00-02:00", Window(tuple(range(7)), 60, 120), "01:00-02:00"),
    ],
)
def test_windows(text, window, shown):
    assert values.read_window(text) == window
    assert values.render_window(window) == (shown or text)


@pytest.mark.parametrize(
    "text", ["", "mon 8-9", "08:00", "08:00-08:00", "24:00-08:00", "08:60-09:00", "25:00-26:00",
             "tod 08:00-09:00", "08:00-00:00", "mon tue 08:00-09:00", "mon- 08:00-09:00"],
)  # fmt: skip
def test_what_is_no_window(text):
    with pytest.raises(ValueError, match=r"\w"):
        values.read_window(text)


@pytest.mark.parametrize(
    ("text", "seconds", "shown"),
    [("90s", 90, "90s"), ("60s", 60, "1m"), ("24h", 86_400, "1d"), ("8h", 28_800, "8h")],
)
def test_lengths_of_time(text, seconds, shown):
    assert values.read_duration(text) == seconds
    assert values.show_duration(seconds) == shown


@pytest.mark.parametrize("text", ["", "0s", "8", "h", "-1h", "1.5h", "999d", "8 h"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(ValueError, match="length of time"):
        values.read_duration(text)


def test_interims_are_not_more_often_than_the_rfc_allows():
    assert values.read_interim("60s") == 60
    with pytest.raises(ValueError, match="60s"):
        values.read_interim("59s")


@pytest.mark.parametrize(
    ("text", "kbps", "shown"),
    [("0", 0, "0"), ("512", 512, "512k"), ("50M", 50_000, "50M"), ("2G", 2_000_000, "2G")],
)
def test_rates(text, kbps, shown):
    assert values.read_rate(text) == kbps
    assert values.show_rate(kbps) == shown


@pytest.mark.parametrize("text", ["", "-1", "5G", "fast", "1.5M", "M"])
def test_what_is_no_rate(text):
    with pytest.raises(ValueError, match="rate"):
        values.read_rate(text)


@pytest.mark.parametrize("text", ["", "0", "4095", "٥", "00001", "1.5"])
def test_what_is_no_vlan(text):
    with pytest.raises(ValueError, match="VLAN"):
        values.read_vlan(text)


def test_names():
    assert values.read_vlan("4094") == 4094
    assert values.read_filter("guests.v2") == "guests.v2"
    assert values.read_plan("night") == "night"
    with pytest.raises(ValueError, match="filter"):
        values.read_filter("a b")
    with pytest.raises(ValueError, match="plan"):
        values.read_plan("Night")
