"""What each message means to us: one function per message, a table at the end.

A handler changes the session and the board; it does not read the clock, the database or the socket.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from controller.ap_channel.board import ApEventRow, Board
from controller.ap_channel.summary import summarise
from controller.ap_channel.ucentral import messages
from controller.ap_channel.ucentral.registry import Session

LOG_KEPT_SEVERITY = 4
"""Log lines up to this severity (0 emergency to 4 warning) are stored; the rest is only counted."""
MAX_EVENT_BYTES = 16_384
MAX_EVENT_DEPTH = 20
_MAX_FIRMWARE = 120
_MAX_REASON = 80

_CRITICAL, _ERROR, _WARNING, _NOTICE, _INFO = 2, 3, 4, 5, 6


def handle(session: Session, message: messages.Message, now: datetime, board: Board) -> None:
    """Apply ``message`` of the access point ``session.serial``, received at ``now``."""
    handler = HANDLERS.get(type(message))
    if handler is not None:
        handler(session, message, now, board)


def on_connect(session: Session, message: messages.Connect, now: datetime, board: Board) -> None:
    """The access point is online."""
    session.config_uuid = message.uuid
    board.put(
        session.serial,
        {
            "connected": True,
            "connected_at": session.connected_at,
            "last_seen_at": now,
            "firmware": clean(message.firmware, _MAX_FIRMWARE),
            "config_uuid": message.uuid,
            "last_reboot_reason": clean(message.reason, _MAX_REASON),
        },
    )
    data = {
        "firmware": clean(message.firmware, _MAX_FIRMWARE),
        "reason": clean(message.reason),
        "uuid": message.uuid,
    }
    board.add_event(ApEventRow(session.serial, now, "connect", _INFO, data))


def on_state(session: Session, message: messages.State, now: datetime, board: Board) -> None:
    """Keep the latest figures."""
    session.config_uuid = message.uuid
    clients, summary = summarise(message.state, sanity=session.sanity)
    board.put(
        session.serial,
        {
            "last_seen_at": now,
            "config_uuid": message.uuid,
            "clients": clients,
            "summary": summary,
            "state_at": now,
        },
    )


def on_health(session: Session, message: messages.HealthCheck, now: datetime, board: Board) -> None:
    """Sanity goes out with the next state."""
    session.sanity = message.sanity
    _seen(session, message.uuid, now, board)


def on_ping(session: Session, message: messages.Ping, now: datetime, board: Board) -> None:
    """Still there."""
    _seen(session, message.uuid, now, board)


def on_log(session: Session, message: messages.Log, now: datetime, board: Board) -> None:
    """Warnings and worse are worth a row."""
    if message.severity <= LOG_KEPT_SEVERITY:
        data = {"log": clean(message.log)}
        board.add_event(ApEventRow(session.serial, now, "log", message.severity, data))


def on_event(session: Session, message: messages.Event, now: datetime, board: Board) -> None:
    """Kept as it came, if it has a decent size."""
    data = _storable("event", message.data)
    board.add_event(ApEventRow(session.serial, now, "event", _INFO, data))
    board.put(session.serial, {"last_seen_at": now})


def on_alarm(session: Session, message: messages.Alarm, now: datetime, board: Board) -> None:
    """As an event, but somebody should look."""
    data = _storable("alarm", message.data)
    board.add_event(ApEventRow(session.serial, now, "event", _WARNING, data))
    board.put(session.serial, {"last_seen_at": now})


def on_recovery(session: Session, message: messages.Recovery, now: datetime, board: Board) -> None:
    """The access point runs its recovery image: no configuration of ours is active."""
    session.config_uuid = 0
    board.put(session.serial, {"last_seen_at": now, "config_uuid": 0, "last_reboot_reason": "recovery"})
    data = {
        "firmware": clean(message.firmware, _MAX_FIRMWARE),
        "reboot": message.reboot,
        "lines": [clean(line) for line in message.loglines[-100:]],
    }
    board.add_event(ApEventRow(session.serial, now, "recovery", _CRITICAL, data))


def on_crash_log(session: Session, message: messages.CrashLog, now: datetime, board: Board) -> None:
    """Keep the tail: the reason stands at its end."""
    data = {"lines": [clean(line) for line in message.loglines[-200:]]}
    board.put(session.serial, {"last_seen_at": now, "last_reboot_reason": "crash"})
    board.add_event(ApEventRow(session.serial, now, "crashlog", _ERROR, data))


def on_reboot_log(session: Session, message: messages.RebootLog, now: datetime, board: Board) -> None:
    """Why it restarted."""
    reason = clean(message.type, _MAX_REASON)
    data = {"type": reason, "date": message.date, "lines": [clean(line) for line in message.info[-100:]]}
    board.put(session.serial, {"last_seen_at": now, "last_reboot_reason": reason})
    board.add_event(ApEventRow(session.serial, now, "event", _NOTICE, data))


def on_pending(session: Session, message: messages.ConfigPending, now: datetime, board: Board) -> None:
    """It still runs the older configuration."""
    _seen(session, message.active, now, board)


def on_seen(session: Session, message: Any, now: datetime, board: Board) -> None:
    """Messages that say only that the access point lives."""
    del message
    board.put(session.serial, {"last_seen_at": now})


def on_disconnect(session: Session, now: datetime, board: Board, *, why: str) -> None:
    """The connection is gone; not a message, but it belongs to the same story."""
    board.put(session.serial, {"connected": False, "disconnected_at": now})
    board.add_event(ApEventRow(session.serial, now, "disconnect", _NOTICE, {"why": why}))


def clean(text: str, length: int = 2048) -> str:
    """Text that every database takes: without NUL, at most ``length`` characters."""
    return text.replace("\x00", "")[:length]


def _seen(session: Session, uuid: int, now: datetime, board: Board) -> None:
    session.config_uuid = uuid
    board.put(session.serial, {"last_seen_at": now, "config_uuid": uuid})


def _storable(kind: str, data: Any) -> dict[str, Any]:
    """A peer's JSON as an object that every database takes and no screen chokes on."""
    if not _is_shallow(data, MAX_EVENT_DEPTH):
        return {"kind": kind, "dropped": "too deep"}
    encoded = json.dumps(data)
    if len(encoded) > MAX_EVENT_BYTES or "\\u0000" in encoded:
        return {"kind": kind, "dropped": "too big or not storable", "bytes": len(encoded)}
    return {"kind": kind, "data": data}


def _is_shallow(data: Any, levels: int) -> bool:
    if isinstance(data, dict):
        return levels > 0 and all(_is_shallow(value, levels - 1) for value in data.values())
    if isinstance(data, list):
        return levels > 0 and all(_is_shallow(value, levels - 1) for value in data)
    return True


HANDLERS: dict[type[Any], Callable[[Session, Any, datetime, Board], None]] = {
    messages.Connect: on_connect,
    messages.State: on_state,
    messages.HealthCheck: on_health,
    messages.Ping: on_ping,
    messages.Log: on_log,
    messages.Event: on_event,
    messages.Alarm: on_alarm,
    messages.Recovery: on_recovery,
    messages.CrashLog: on_crash_log,
    messages.RebootLog: on_reboot_log,
    messages.ConfigPending: on_pending,
    messages.WifiScan: on_seen,
    messages.Telemetry: on_seen,
    messages.DeviceUpdate: on_seen,
    messages.VenueBroadcast: on_seen,
}
