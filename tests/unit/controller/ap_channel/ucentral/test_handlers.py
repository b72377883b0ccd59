import json
from datetime import UTC, datetime

import pytest

from controller.ap_channel.board import Board
from controller.ap_channel.ucentral import handlers, messages
from controller.ap_channel.ucentral.registry import Session

SERIAL = "0a1b2c3d4e5f"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def session() -> Session:
    return Session(SERIAL, connected_at=NOW, config_uuid=0)


@pytest.fixture
def board() -> Board:
    return Board()


def row(board: Board) -> dict:
    return board.take().status[SERIAL]


def test_every_message_has_a_handler():
    assert set(handlers.HANDLERS) == set(messages.METHODS.values())


def test_connect_opens_the_row(session, board):
    message = messages.Connect(SERIAL, "f\x00w" * 90, 42, messages.Capabilities(), "x" * 200)
    handlers.handle(session, message, NOW, board)
    batch = board.take()
    columns = batch.status[SERIAL]
    assert columns["connected"] is True
    assert columns["connected_at"] == NOW
    assert columns["config_uuid"] == session.config_uuid == 42
    assert "\x00" not in columns["firmware"]
    assert len(columns["firmware"]) <= 120
    assert len(columns["last_reboot_reason"]) <= 80
    assert [event.kind for event in batch.events] == ["connect"]


def test_sanity_goes_out_with_the_next_state(session, board):
    handlers.handle(session, messages.HealthCheck(SERIAL, 7, 55), NOW, board)
    body = messages.StateBody(unit=messages.Unit(uptime=9))
    handlers.handle(session, messages.State(SERIAL, 8, body), NOW, board)
    columns = row(board)
    assert columns["summary"]["sanity"] == 55
    assert columns["summary"]["uptime_s"] == 9
    assert columns["config_uuid"] == 8
    assert columns["state_at"] == NOW


@pytest.mark.parametrize(("severity", "kept"), [(0, True), (4, True), (5, False), (7, False)])
def test_only_bad_news_of_the_log_is_kept(session, board, severity, kept):
    handlers.handle(session, messages.Log(SERIAL, "li\x00ne", severity), NOW, board)
    events = board.take().events
    assert bool(events) is kept
    assert all(event.data == {"log": "line"} for event in events)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"event": [1, {"type": "client.join"}]}, True),
        ([1, 2], True),
        ("text", True),
        (None, True),
        ({"x": "y" * 20_000}, False),
        ({"x": "\x00"}, False),
        ({"x": 10**400}, True),
        (json.loads("[" * 21 + "]" * 21), False),
        (json.loads("[" * 400 + "]" * 400), False),
    ],
)
def test_events_are_kept_unless_no_database_or_screen_takes_them(session, board, data, kept):
    handlers.handle(session, messages.Event(SERIAL, data), NOW, board)
    (event,) = board.take().events
    assert (event.data.get("data", "absent") == data) is kept
    assert ("dropped" in event.data) is not kept


def test_recovery_means_no_configuration_runs(session, board):
    session.config_uuid = 99
    handlers.handle(session, messages.Recovery(SERIAL, loglines=["a"] * 150), NOW, board)
    batch = board.take()
    assert session.config_uuid == batch.status[SERIAL]["config_uuid"] == 0
    assert len(batch.events[0].data["lines"]) == 100
    assert batch.events[0].severity == 2


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (messages.CrashLog(SERIAL, loglines=["panic"]), "crashlog"),
        (messages.RebootLog(SERIAL, type="power", info=["x"]), "event"),
        (messages.Alarm(SERIAL, {"a": 1}), "event"),
    ],
)
def test_bad_days_become_events(session, board, message, kind):
    handlers.handle(session, message, NOW, board)
    batch = board.take()
    assert [event.kind for event in batch.events] == [kind]
    assert batch.status[SERIAL]["last_seen_at"] == NOW


@pytest.mark.parametrize(
    "message",
    [
        messages.Ping(SERIAL, 5),
        messages.ConfigPending(SERIAL, 5, 6),
        messages.WifiScan(SERIAL, b"{}"),
        messages.Telemetry(SERIAL, b"{}"),
        messages.DeviceUpdate(SERIAL),
    ],
)
def test_signs_of_life(session, board, message):
    handlers.handle(session, message, NOW, board)
    assert row(board)["last_seen_at"] == NOW
    assert session.config_uuid in {0, 5}


def test_disconnect_closes_the_row(session, board):
    handlers.on_disconnect(session, NOW, board, why="idle")
    batch = board.take()
    assert batch.status[SERIAL] == {"connected": False, "disconnected_at": NOW}
    assert batch.events[0].data == {"why": "idle"}
