"""Disconnect-Request to the NAS when a session ends elsewhere (RFC 5176 §2.1), until it is true.

A session ends by logout, quota or time; the NAS that still serves the device is told so. What it
answers is not believed: `endings` watches what happens next. If its accounting goes on, it is told
again, with the session named in another way (`identify`); when no way works, that is counted, logged
and kept for `kolco radius explain`. What was missed while this daemon was away is found in the database.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.log import get_logger
from controller.core.mac import Mac
from controller.sessions.events import SessionEnded
from radius.journal.decisions import DecisionRecord, Digests
from radius.journal.repository import add_decisions
from radius.outcomes import Applied
from radius.protocol.attributes import ERROR_CAUSE, AcctStatusType, Code, ErrorCause
from radius.protocol.packet import Attribute, Packet
from radius.records import Record
from radius.served import repository
from radius.served.ask import Unreachable
from radius.served.endings import Ended, Ending, Endings
from radius.served.identify import Served, identify

_TOLD_BY_NAS: Final = frozenset({"left", "lost-carrier", "nas-restart"})
"""Reasons of ends that accounting brought: every leg is over by then."""

LOG_UNANSWERED = "radius.disconnect_unanswered"
LOG_FAILED = "radius.disconnect_failed"

FAILED_ENDING: Final = "not-ended"
"""Outcome of the record of a session that its NAS cannot be made to end."""

_LOOK_S: Final = 30.0
_SILENCE_S: Final = 700.0

_log = get_logger(__name__)

Ask = Callable[[str, Code, Sequence[Attribute]], Awaitable[Packet]]
"""Sends a request to the NAS at an address and returns its answer; raises `Unreachable`."""


class Answered(StrEnum):
    """What a NAS made of a Disconnect-Request; a closed set, because it is a metric label."""

    ACK = "ack"
    GONE = "gone"
    """NAK because the NAS does not know the session: it is over there too, or is named wrongly."""
    NAK = "nak"
    TIMEOUT = "timeout"
    UNKNOWN_NAS = "unknown-nas"
    """The NAS was removed from the table meanwhile."""


def read_answer(packet: Packet) -> Answered:
    """Return what a genuine answer means."""
    if packet.code == Code.DISCONNECT_ACK:
        return Answered.ACK
    gone = packet.find_integer(ERROR_CAUSE) == ErrorCause.SESSION_CONTEXT_NOT_FOUND
    return Answered.GONE if gone else Answered.NAK


class Disconnector:
    """Sends Disconnect-Requests.

    Args:
        db: the database.
        ask: sends a request and returns the answer.
        clock: gives the time.
        digests: by what `kolco radius explain` finds what is kept of a device.
        count_answer: told the NAS and what it answered, an `Answered`.
        count_ending: told the NAS and what became of a session, an `Ending`.
        at_once: how many NASes are asked at a time.
        silence_s: how long without accounting shows that a session is over.
    """

    def __init__(
        self,
        db: Database,
        ask: Ask,
        clock: Clock,
        *,
        digests: Digests,
        count_answer: Callable[[str, str], None],
        count_ending: Callable[[str, str], None],
        at_once: int = 64,
        silence_s: float = _SILENCE_S,
    ) -> None:
        self._db = db
        self._ask = ask
        self._clock = clock
        self._digests = digests
        self._count_answer = count_answer
        self._count_ending = count_ending
        self._at_once = at_once
        self._endings = Endings(silence_s)
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._queued: set[str] = set()
        self._failed: asyncio.Queue[Ended] = asyncio.Queue()

    @property
    def watched(self) -> int:
        """Sessions that were ended at NASes and of which it is not known yet whether they are over."""
        return len(self._endings)

    async def hear(self, event: SessionEnded) -> None:
        """Take note of a session's end; where its NAS told of it, there is nobody to be told."""
        if event.reason not in _TOLD_BY_NAS:
            self.request(event.session_id)

    def heard(self, record: Record, applied: Applied) -> None:
        """Take note of a Stop, or of an Interim-Update for a session that has ended."""
        if record.kind is AcctStatusType.STOP:
            self._note(self._endings.stopped(record.leg))
        elif applied.still_online:
            now = self._clock.monotonic()
            self._note(self._endings.counted(record.leg, now))
            if self._endings.choose_way(record.leg, now) is not None:
                self.request(applied.session_id)

    def request(self, session_id: str) -> None:
        """Have every NAS that still serves the session told to end it."""
        if session_id not in self._queued:
            self._queued.add(session_id)
            self._waiting.put_nowait(session_id)

    async def reconcile(self) -> None:
        """Find sessions that ended while their NAS was not told."""
        async with self._db.reading() as tx:
            for session_id in await repository.list_sessions_to_disconnect(tx):
                self.request(session_id)

    async def run(self) -> None:
        """Tell NASes until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            group.create_task(self._keep_failures())
            for _ in range(self._at_once):
                group.create_task(self._work())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            for ended in self._endings.take_silent(self._clock.monotonic()):
                self._note(ended)

    async def _work(self) -> None:
        while True:
            session_id = await self._waiting.get()
            self._queued.discard(session_id)
            async with self._db.reading() as tx:
                parts = await repository.list_served(tx, session_id)
            for served in parts:
                await self._end(served)

    async def _end(self, served: Served) -> None:
        """Name a session to its NAS in one way after the other, until it says that it has ended it."""
        ways = identify(served)
        first = self._endings.choose_way(served.key, self._clock.monotonic())
        for way in range(len(ways) if first is None else first, len(ways)):
            answered = await self._send(served, ways[way])
            self._count_answer(served.nas_id, answered.value)
            if answered in {Answered.ACK, Answered.GONE}:
                now = self._clock.monotonic()
                self._endings.told(served.key, served.session_id, way=way, ways=len(ways), now=now)
                async with self._db.transaction() as tx:
                    await repository.end_served(tx, served, self._clock.now())
                return
            if answered is not Answered.NAK:
                _log.warning(LOG_UNANSWERED, nas=served.nas_id, session=served.session_id)
                return
        if first is not None:
            now = self._clock.monotonic()
            self._note(self._endings.give_up(served.key, served.session_id, ways=len(ways), now=now))

    async def _send(self, served: Served, way: Sequence[Attribute]) -> Answered:
        try:
            return read_answer(await self._ask(served.address, Code.DISCONNECT_REQUEST, way))
        except Unreachable as error:
            return Answered.TIMEOUT if error.known else Answered.UNKNOWN_NAS

    def _note(self, ended: Ended | None) -> None:
        if ended is None:
            return
        self._count_ending(ended.key[0], ended.ending.value)
        if ended.ending is Ending.FAILED:
            _log.error(LOG_FAILED, nas=ended.key[0], session=ended.session_id)
            self._failed.put_nowait(ended)

    async def _keep_failures(self) -> None:
        """Keep what failed with the decisions about the device."""
        while True:
            ended = await self._failed.get()
            async with self._db.transaction() as tx:
                for served in await repository.list_served(tx, ended.session_id):
                    record = DecisionRecord(
                        served.nas_id,
                        FAILED_ENDING,
                        station=self._digests.station(Mac(served.mac)),
                        reason=ended.ending.value,
                        session_id=served.session_id,
                    )
                    await add_decisions(tx, [(self._clock.now(), record)])
