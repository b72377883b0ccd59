"""What has to be stored of the access points, gathered until the next flush.

The latest value of each column wins, so a flood of states costs one row per access point and flush.
It writes nothing: ``writer`` takes the batch and ``repository`` stores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

EventKind = Literal["log", "event", "recovery", "crashlog", "connect", "disconnect", "reject"]
MAX_EVENTS = 20_000
"""Events kept between two flushes; past it they are counted as lost."""
MAX_EVENTS_AN_HOUR = 600
"""Of one access point: one that complains without end must not fill the database, nor crowd out others."""


@dataclass(frozen=True, slots=True)
class ApEventRow:
    """One thing that happened at an access point. ``severity`` as in syslog, 0 to 7."""

    serial: str
    at: datetime
    kind: EventKind
    severity: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Column values by serial, and events, oldest first."""

    status: dict[str, dict[str, Any]]
    events: list[ApEventRow]


class Board:
    """Gathers status columns and events; ``take`` empties it."""

    def __init__(self) -> None:
        self._status: dict[str, dict[str, Any]] = {}
        self._events: list[ApEventRow] = []
        self._counts: dict[str, tuple[int, int]] = {}
        """By serial: an hour, and the events in it."""
        self.events_lost = 0

    def __len__(self) -> int:
        return len(self._status) + len(self._events)

    def put(self, serial: str, columns: dict[str, Any]) -> None:
        """Set columns of ``ap_status``; keys are column names."""
        waiting = self._status.get(serial)
        if waiting is None:
            self._status[serial] = columns
        else:
            waiting.update(columns)

    def add_event(self, event: ApEventRow) -> None:
        """Keep an event; past ``MAX_EVENTS`` or ``MAX_EVENTS_AN_HOUR`` it is counted and dropped."""
        hour = int(event.at.timestamp()) // 3600
        begun, count = self._counts.get(event.serial, (hour, 0))
        count = count + 1 if begun == hour else 1
        if len(self._events) >= MAX_EVENTS or count > MAX_EVENTS_AN_HOUR:
            self.events_lost += 1
            return
        self._counts[event.serial] = (hour, count)
        self._events.append(event)

    def take(self) -> Batch:
        """Everything gathered since the last call."""
        batch = Batch(self._status, self._events)
        self._status, self._events = {}, []
        return batch

    def give_back(self, batch: Batch) -> None:
        """Put an unstored batch back; what came since is newer and wins."""
        newer, self._status = self._status, batch.status
        for serial, columns in newer.items():
            self.put(serial, columns)
        room = MAX_EVENTS - len(self._events)
        self.events_lost += max(0, len(batch.events) - room)
        self._events = batch.events[:room] + self._events
