from datetime import UTC, datetime, timedelta

from controller.ap_channel import board as module
from controller.ap_channel.board import MAX_EVENTS_AN_HOUR, ApEventRow, Batch, Board

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def event(number: int) -> ApEventRow:
    return ApEventRow("aa", NOW, "log", 4, {"number": number})


def test_the_latest_value_of_each_column_wins():
    board = Board()
    board.put("aa", {"clients": 1, "firmware": "x"})
    board.put("aa", {"clients": 2})
    board.put("bb", {"clients": 3})
    assert len(board) == 2
    assert board.take().status == {"aa": {"clients": 2, "firmware": "x"}, "bb": {"clients": 3}}
    assert board.take() == Batch({}, [])


def test_an_unstored_batch_comes_back_under_what_is_newer():
    board = Board()
    board.put("aa", {"clients": 1, "firmware": "x"})
    board.add_event(event(1))
    batch = board.take()
    board.put("aa", {"clients": 2})
    board.add_event(event(2))
    board.give_back(batch)
    again = board.take()
    assert again.status == {"aa": {"clients": 2, "firmware": "x"}}
    assert [item.data["number"] for item in again.events] == [1, 2]


def test_events_past_the_limit_are_counted(monkeypatch):
    monkeypatch.setattr(module, "MAX_EVENTS", 2)
    board = Board()
    for number in range(3):
        board.add_event(event(number))
    assert board.events_lost == 1
    batch = board.take()
    board.add_event(event(9))
    board.give_back(batch)
    assert board.events_lost == 2
    assert [item.data["number"] for item in board.take().events] == [0, 9]


def test_one_access_point_cannot_fill_the_board():
    board = Board()
    for number in range(2 * MAX_EVENTS_AN_HOUR):
        board.add_event(ApEventRow("0a", NOW + timedelta(seconds=number), "log", 4, {}))
    board.add_event(ApEventRow("0b", NOW, "log", 4, {}))
    board.add_event(ApEventRow("0a", NOW + timedelta(hours=1), "log", 4, {}))
    kept = [event.serial for event in board.take().events]
    assert kept == ["0a"] * MAX_EVENTS_AN_HOUR + ["0b", "0a"]
    assert board.events_lost == MAX_EVENTS_AN_HOUR
