from datetime import UTC, datetime

from controller.ap_channel import board as module
from controller.ap_channel.board import ApEventRow, Batch, Board

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
