import pytest

from radius.served.endings import PAUSE_S, Ended, Ending, Endings

KEY = ("lo", "10.0.0.1", "A1")
SILENCE_S = 700.0


@pytest.fixture
def endings():
    return Endings(SILENCE_S)


def told(endings, way=0, now=0.0):
    endings.told(KEY, "s1", way=way, ways=3, now=now)


def test_the_first_way_comes_first(endings):
    assert endings.choose_way(KEY, 0.0) == 0


def test_a_stop_verifies(endings):
    told(endings)
    assert endings.stopped(KEY) == Ended(KEY, "s1", Ending.STOPPED)
    assert endings.stopped(KEY) is None
    assert len(endings) == 0


def test_silence_verifies(endings):
    told(endings)
    assert endings.take_silent(SILENCE_S - 1) == []
    assert endings.take_silent(SILENCE_S) == [Ended(KEY, "s1", Ending.SILENT)]
    assert endings.take_silent(SILENCE_S) == []


def test_what_goes_on_counting_is_named_in_the_next_way(endings):
    told(endings)
    assert endings.counted(KEY, 60.0) == Ended(KEY, "s1", Ending.STILL_ONLINE)
    assert endings.choose_way(KEY, 60.0) == 1
    assert endings.take_silent(SILENCE_S) == []


def test_after_the_last_way_it_is_a_failure_once_and_begins_anew_after_a_pause(endings):
    told(endings, way=2)
    assert endings.counted(KEY, 60.0) == Ended(KEY, "s1", Ending.FAILED)
    assert endings.counted(KEY, 120.0) is None
    assert endings.choose_way(KEY, 120.0) is None
    later = 60.0 + PAUSE_S
    assert endings.counted(KEY, later) == Ended(KEY, "s1", Ending.STILL_ONLINE)
    assert endings.choose_way(KEY, later) == 0


def test_a_failure_that_falls_silent_is_over(endings):
    endings.give_up(KEY, "s1", ways=3, now=0.0)
    endings.counted(KEY, 300.0)
    assert endings.take_silent(300.0 + SILENCE_S - 1) == []
    assert endings.take_silent(300.0 + SILENCE_S) == [Ended(KEY, "s1", Ending.SILENT)]


def test_what_no_nas_was_told_of_is_nothing(endings):
    assert endings.stopped(KEY) is None
    assert endings.counted(KEY, 0.0) is None


def test_what_is_watched_is_bounded(endings, monkeypatch):
    monkeypatch.setattr("radius.served.endings.MAX_WATCHED", 3)
    for number in range(9):
        endings.told(("lo", "10.0.0.1", str(number)), "s", way=0, ways=1, now=0.0)
    assert [ended.key[2] for ended in endings.take_silent(SILENCE_S)] == ["6", "7", "8"]
