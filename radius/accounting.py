"""Accounting records into sessions, each counted once whatever the network repeats or overtakes.

A NAS tells totals of its part ("leg") of a session. What is above the totals heard before is new and
goes to the session; what is not is a repetition. A session that a gateway counts too is not counted
twice: there RADIUS only keeps the leg. Acknowledging is the server's matter, after the commit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database, Tx
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.directory.types import Known
from controller.sessions import service as sessions
from controller.sessions.types import EXPIRED, IDLE, SessionView, StartSession, Usage
from radius import interims, repository
from radius.outcomes import SOURCE, Applied, Outcome
from radius.protocol.attributes import AcctStatusType
from radius.question import Method
from radius.records import Record, Totals, above, highest
from radius.repository import Advance, Leg
from radius.stations import find_mac

_END_REASONS: Final = {
    1: "left",  # User Request: of the NAS, that is leaving the radio; no logout from the city's network
    2: "lost-carrier",
    3: "lost-carrier",
    4: IDLE,
    5: EXPIRED,
    6: "admin",
    7: "nas-restart",
    11: "nas-restart",
}
"""Acct-Terminate-Cause (RFC 2866 §5.10) to reasons of a session's end."""
_LONGEST_COMMIT_S: Final = 0.1
_OTHER_END: Final = "left"
_NAS_RESTART: Final = "nas-restart"


class Accountant:
    """Stores records.

    Args:
        db: the database.
        directory: knows devices.
        clock: gives the time.
        committed: told how many records each commit held.
    """

    def __init__(
        self, db: Database, directory: Directory, clock: Clock, *, committed: Callable[[int], None]
    ) -> None:
        self._db = db
        self._committed = committed
        self._directory = directory
        self._clock = clock

    async def store(self, records: Sequence[Record]) -> list[Applied | None]:
        """Store records in one transaction, those of a leg in order; returns after the commit.

        It commits what it got to after a tenth of a second: an acknowledgement must come before its
        NAS asks again. None says that a record is still to be stored.
        """
        enough = self._clock.monotonic() + _LONGEST_COMMIT_S
        applied: list[Applied | None] = [None] * len(records)
        async with self._db.transaction() as tx:
            for index, quick in (await interims.apply(tx, records, self._clock.now())).items():
                applied[index] = quick
            for index, record in enumerate(records):
                if applied[index] is None:
                    applied[index] = await self.apply(tx, record)
                    if self._clock.monotonic() > enough:
                        break
        self._committed(sum(one is not None for one in applied))
        return applied

    async def apply(self, tx: Tx, record: Record) -> Applied:
        """Apply one record in the caller's transaction; the same record again changes nothing."""
        now = self._clock.now()
        if record.kind in {AcctStatusType.ACCOUNTING_ON, AcctStatusType.ACCOUNTING_OFF}:
            await self._restart(tx, record, now)
            return Applied(Outcome.RESTARTED)
        leg = await repository.find_leg(tx, record)
        outcome = Outcome.REPEATED
        if leg is None:
            session, outcome = await self._find_session(tx, record, now)
            if session is None:
                return Applied(outcome)
            leg = await repository.add_leg(tx, record, session_id=session.id, mac=session.mac, now=now)
        else:
            session = await sessions.get(tx, leg.session_id)
        counted = await self._count(tx, leg, record, session, now)
        if record.kind is AcctStatusType.STOP:
            return Applied(await self._stop(tx, leg, record, now), session.id)
        if counted is Outcome.LATE and leg.ended:
            await repository.reopen_leg(tx, leg)
        return Applied(outcome if record.kind is AcctStatusType.START else counted, session.id)

    async def _find_session(
        self, tx: Tx, record: Record, now: datetime
    ) -> tuple[SessionView | None, Outcome]:
        """Return the session a new leg belongs to, begun if need be."""
        promised = record.session
        ends = record.kind is AcctStatusType.STOP
        past = None if promised is None else await sessions.find(tx, promised.session_id)
        if past is not None and (past.ended_at is None or ends):
            return past, Outcome.JOINED
        known = await self._find_device(tx, record, now)
        mac = record.mac or (None if known is None else known.mac)
        open_session = None if mac is None else await sessions.find_open(tx, mac=mac)
        if open_session is not None and (known is None or known.account_id == open_session.account_id):
            return open_session, Outcome.JOINED
        if known is None or mac is None or ends:
            return None, Outcome.UNKNOWN_SESSION
        session_id = None if promised is None or past is not None else promised.session_id
        session = await self._start(tx, record, known=known, mac=mac, session_id=session_id, now=now)
        return session, Outcome.STARTED

    async def _find_device(self, tx: Tx, record: Record, now: datetime) -> Known | None:
        if record.session is not None:
            return await repository.find_device(tx, record.session.device_id)
        known = None
        if record.mac is not None:
            known = await self._directory.find_known_device(tx, mac=record.mac, now=now)
        if known is None and record.username:  # a NAS that keeps our Class to itself
            names = {record.username}
            credentials = await self._directory.find_credentials(tx, usernames=names, now=now)
            credential = credentials.get(record.username)
            known = None if credential is None else credential.known
        return known

    async def _start(
        self, tx: Tx, record: Record, *, known: Known, mac: Mac, session_id: str | None, now: datetime
    ) -> SessionView:
        method = _guess_method(record) if record.session is None else record.session.method
        place = None if record.called.mac is None else await repository.find_place(tx, record.called.mac)
        request = StartSession(
            mac=mac,
            ip=record.ip,
            gateway_id=None,
            account_id=known.account_id,
            device_id=known.device_id,
            plan=known.plan,
            method=method,
            ap_serial=None if place is None else place.serial,
            site_id=None if place is None else place.site_id,
            ssid=record.called.ssid,
            nas_id=record.nas_id,
            not_after=known.remembered_until if method == Method.MAB else None,
            session_id=session_id,
        )
        return await sessions.start(tx, request, now, source=SOURCE)

    async def _count(self, tx: Tx, leg: Leg, record: Record, session: SessionView, now: datetime) -> Outcome:
        new = above(leg.totals, record.totals)
        if new == Totals() and record.session_time_s <= leg.session_time_s:
            return Outcome.REPEATED
        advance = Advance(
            leg, highest(leg.totals, record.totals), max(leg.session_time_s, record.session_time_s)
        )
        await repository.advance_legs(tx, [advance], now)
        if session.gateway_id is not None:
            return Outcome.COUNTED
        late = session.ended_at is not None
        if new != Totals():
            usage = Usage(session.id, new.up_bytes, new.down_bytes, new.up_packets, new.down_packets)
            session = await sessions.use(tx, usage, source=SOURCE, now=now)
        if record.kind is AcctStatusType.INTERIM_UPDATE and session.ended_at is None:
            await sessions.interim(tx, session.id, source=SOURCE, now=now)
        return Outcome.LATE if late else Outcome.COUNTED

    async def _stop(self, tx: Tx, leg: Leg, record: Record, now: datetime) -> Outcome:
        if leg.ended:
            return Outcome.REPEATED
        await repository.end_legs(tx, [leg], now)
        session = await sessions.get(tx, leg.session_id)
        if session.ended_at is not None:
            return Outcome.LATE
        if session.gateway_id is not None or await repository.list_open_legs(tx, session.id):
            return Outcome.LEFT
        reason = _END_REASONS.get(record.terminate_cause, _OTHER_END)
        await sessions.end(tx, session.id, reason=reason, now=now, source=SOURCE)
        return Outcome.ENDED

    async def _restart(self, tx: Tx, record: Record, now: datetime) -> None:
        legs = await repository.list_open_legs_of_nas(tx, record.nas_id, record.address)
        await repository.end_legs(tx, legs, now)
        for session_id in {leg.session_id for leg in legs}:
            session = await sessions.get(tx, session_id)
            elsewhere = session.gateway_id is not None or await repository.list_open_legs(tx, session_id)
            if session.ended_at is None and not elsewhere:
                await sessions.end(tx, session_id, reason=_NAS_RESTART, now=now, source=SOURCE)


def _guess_method(record: Record) -> str:
    """Return how a device proved itself if the NAS does not say by our Class."""
    by_name = record.username and find_mac(record.username) is None
    return (Method.PAP if by_name else Method.MAB).value
