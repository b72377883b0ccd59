"""Accounting records into sessions, each counted once whatever the network repeats or overtakes.

A NAS tells totals of its part ("leg") of a session. What is above the totals heard before is new and
goes to the session; what is not is a repetition. A session that a gateway counts too is not counted
twice: there RADIUS only keeps the leg.

Records come in batches: what a batch needs is loaded at once, the rules below work in memory, and what
changed is stored at once, so the number of statements does not depend on the number of records.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.core.db import Tx
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.directory.types import Known
from controller.sessions.book import Book, Entry
from controller.sessions.types import ADMIN_RESET, EXPIRED, IDLE, StartSession, Usage
from radius.index.places import NOWHERE, Places
from radius.index.repository import list_places
from radius.legs import repository
from radius.legs.book import Leg, LegBook
from radius.outcomes import SOURCE, Applied, Outcome
from radius.protocol.attributes import AcctStatusType
from radius.question import Method
from radius.records import Record, Totals, above
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
_OTHER_END: Final = "left"
_NAS_RESTART: Final = "nas-restart"
_RESTARTS: Final = frozenset({AcctStatusType.ACCOUNTING_ON, AcctStatusType.ACCOUNTING_OFF})
_LONGEST_SSID: Final = 32
_PLACES_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Received:
    """A record and when it came."""

    record: Record
    at: datetime


class Accountant:
    """Applies records.

    Args:
        directory: knows devices.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._places = NOWHERE
        self._placed_at = -math.inf

    async def apply(self, tx: Tx, received: Sequence[Received]) -> list[Applied]:
        """Apply records, in their order, in the caller's transaction; the same ones again change nothing."""
        batch = await self._load(tx, received)
        applied = [batch.apply(one.record, one.at) for one in received]
        await batch.sessions.save(tx)
        await batch.legs.save(tx)
        return applied

    async def _load(self, tx: Tx, received: Sequence[Received]) -> "_Batch":
        legs, sessions = LegBook(), Book(SOURCE)
        records = [one.record for one in received if one.record.kind not in _RESTARTS]
        restarted = {one.record.device for one in received if one.record.kind in _RESTARTS}
        await legs.load(tx, {record.leg for record in records}, restarted)
        fresh = [record for record in records if legs.find(record.leg) is None]
        known, blocked = await self._find_devices(tx, fresh, min((one.at for one in received), default=None))
        begun = [record for record in fresh if record.kind is not AcctStatusType.STOP]
        macs = {mac for record in fresh if (mac := _mac_of(record, known.get(record.leg))) is not None}
        accounts = {one.account_id for record in begun if (one := known.get(record.leg)) is not None}
        if begun:
            await sessions.lock_starts(tx, macs=macs, accounts=accounts)
        promised = {record.session.session_id for record in fresh if record.session is not None}
        await sessions.load(tx, ids=legs.session_ids() | promised, macs=macs, accounts=accounts)
        if begun or restarted:
            await self._read_places(tx)
        batch = _Batch(legs, sessions, known, blocked, self._places)
        await legs.load_open_of(tx, batch.sessions_that_may_end(received))
        return batch

    async def _read_places(self, tx: Tx) -> None:
        """Read now and then where access points stand."""
        now = time.monotonic()
        if now - self._placed_at > _PLACES_S:
            self._places = Places(await list_places(tx))
            self._placed_at = now

    async def _find_devices(
        self, tx: Tx, records: Sequence[Record], now: datetime | None
    ) -> tuple[dict[tuple[str, str, str], Known], set[str]]:
        """Return whose the new legs are, as far as it is known, and which of their accounts are blocked."""
        if not records or now is None:
            return {}, set()
        by_id, blocked = await repository.find_devices(
            tx, {record.session.device_id for record in records if record.session is not None}
        )
        bare = [record for record in records if record.session is None]
        macs = {record.mac for record in bare if record.mac is not None}
        by_mac = await self._directory.find_known_devices(tx, macs=macs, now=now) if macs else {}
        # A NAS that keeps our Class to itself may name the credential.
        names = {record.username for record in bare if record.username and record.mac not in by_mac}
        by_name = await self._directory.find_credentials(tx, usernames=names, now=now) if names else {}
        found = {}
        for record in records:
            one: Known | None
            if record.session is not None:
                one = by_id.get(record.session.device_id)
            else:
                one = None if record.mac is None else by_mac.get(record.mac)
                if one is None and record.username in by_name:
                    one = by_name[record.username].known
            if one is not None:
                found[record.leg] = one
        return found, blocked


@dataclass(slots=True)
class _Batch:
    legs: LegBook
    sessions: Book
    known: dict[tuple[str, str, str], Known]
    blocked: set[str]
    places: Places

    def sessions_that_may_end(self, received: Sequence[Received]) -> set[str]:
        """Return the sessions whose other legs decide whether they end."""
        ids = set()
        restarted = {one.record.device for one in received if one.record.kind in _RESTARTS}
        for device in restarted:
            ids |= {leg.session_id for leg in self.legs.list_of_device(device)}
        for one in received:
            record = one.record
            if record.kind is AcctStatusType.STOP:
                leg = self.legs.find(record.leg)
                if leg is not None:
                    ids.add(leg.session_id)
                    continue
                if record.session is not None:
                    ids.add(record.session.session_id)
                mac = _mac_of(record, self.known.get(record.leg))
                entry = None if mac is None else self.sessions.find_open(mac)
                if entry is not None:
                    ids.add(entry.id)
        return ids

    def apply(self, record: Record, at: datetime) -> Applied:
        if record.kind in _RESTARTS:
            self._restart(record, at)
            return Applied(Outcome.RESTARTED)
        leg = self.legs.find(record.leg)
        outcome = Outcome.REPEATED
        session: Entry | None
        if leg is None:
            session, outcome = self._find_session(record, at)
            if session is None:
                return Applied(outcome)
            place = self.places.find(record.called.mac)
            serial = None if place is None else place.serial
            leg = self.legs.add(record, session_id=session.id, mac=session.mac, ap_serial=serial, now=at)
            if session.account_id in self.blocked:  # since it was let in: its NAS is to end it
                self.sessions.end(session, ADMIN_RESET, at)
        else:
            session = self.sessions.find(leg.session_id)
            if session is None:  # deleted in this very moment, and the leg with it
                return Applied(Outcome.UNKNOWN_SESSION)
        ended_at = session.ended_at
        counted = self._count(leg, record, session, at)
        if record.kind is AcctStatusType.STOP:
            return Applied(self._stop(leg, record, session, at), session.id)
        late = counted is Outcome.LATE and ended_at is not None and at >= ended_at
        if late and leg.ended_at is not None and at >= leg.ended_at:
            self.legs.reopen(leg)
        still_online = late and record.kind is AcctStatusType.INTERIM_UPDATE
        return Applied(outcome if record.kind is AcctStatusType.START else counted, session.id, still_online)

    def _find_session(self, record: Record, at: datetime) -> tuple[Entry | None, Outcome]:
        """Return the session a new leg belongs to, begun if need be."""
        promised = record.session
        ends = record.kind is AcctStatusType.STOP
        past = None if promised is None else self.sessions.find(promised.session_id)
        if past is not None and (past.ended_at is None or ends):
            return past, Outcome.JOINED
        known = self.known.get(record.leg)
        mac = _mac_of(record, known)
        open_session = None if mac is None else self.sessions.find_open(mac)
        if open_session is not None and (known is None or known.account_id == open_session.account_id):
            return open_session, Outcome.JOINED
        if known is None or mac is None or ends:
            return None, Outcome.UNKNOWN_SESSION
        session_id = None if promised is None or past is not None else promised.session_id
        return self._start(record, known, mac, session_id, at), Outcome.STARTED

    def _start(self, record: Record, known: Known, mac: Mac, session_id: str | None, at: datetime) -> Entry:
        method = _guess_method(record) if record.session is None else record.session.method
        place = self.places.find(record.called.mac)
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
            ssid=record.called.ssid[:_LONGEST_SSID],
            nas_id=record.nas_id,
            not_after=known.remembered_until if method == Method.MAB else None,
            session_id=session_id,
        )
        return self.sessions.start(request, at)

    def _count(self, leg: Leg, record: Record, session: Entry, at: datetime) -> Outcome:
        new = above(leg.totals, record.totals)
        if new == Totals() and record.session_time_s <= leg.session_time_s:
            return Outcome.REPEATED
        self.legs.advance(leg, record, at)
        if session.gateway_id is not None:
            return Outcome.COUNTED
        late = session.ended_at is not None
        if new != Totals():
            usage = Usage(session.id, new.up_bytes, new.down_bytes, new.up_packets, new.down_packets)
            self.sessions.use(session, usage, at)
        if record.kind is AcctStatusType.INTERIM_UPDATE and session.ended_at is None:
            self.sessions.interim(session, at)
        return Outcome.LATE if late else Outcome.COUNTED

    def _stop(self, leg: Leg, record: Record, session: Entry, at: datetime) -> Outcome:
        if leg.ended_at is not None:
            return Outcome.REPEATED
        self.legs.end(leg, at)
        if session.ended_at is not None:
            return Outcome.LATE
        if session.gateway_id is not None or self.legs.has_open(session.id):
            return Outcome.LEFT
        self.sessions.end(session, _END_REASONS.get(record.terminate_cause, _OTHER_END), at)
        return Outcome.ENDED

    def _restart(self, record: Record, at: datetime) -> None:
        """End the legs of what restarted: of one access point, if the NAS says which, else of the address.

        Many access points may stand behind one address, of a proxy or of address translation.
        """
        place = self.places.find(record.called.mac)
        touched = set()
        for leg in self.legs.list_of_device(record.device):
            if place is not None and leg.ap_serial not in {None, place.serial}:
                continue
            self.legs.end(leg, at)
            touched.add(leg.session_id)
        for session_id in touched:
            session = self.sessions.find(session_id)
            if session is None or session.gateway_id is not None or self.legs.has_open(session_id):
                continue
            self.sessions.end(session, _NAS_RESTART, at)


def _mac_of(record: Record, known: Known | None) -> Mac | None:
    return record.mac or (None if known is None else known.mac)


def _guess_method(record: Record) -> str:
    """Return how a device proved itself if the NAS does not say by our Class."""
    by_name = record.username and find_mac(record.username) is None
    return (Method.PAP if by_name else Method.MAB).value
