"""Legs that one transaction changes: loaded at once, changed in memory, stored in a few statements."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.core.db import Tx
from radius.legs import repository
from radius.records import Record, Totals, highest

LegKey = tuple[str, str, str]
"""(NAS, its address, Acct-Session-Id)"""


@dataclass(slots=True)
class Leg:
    """A part of a session at one NAS: the columns of `controller.models.radius.RadiusLeg`."""

    nas_id: str
    address: str
    acct_session_id: str
    session_id: str
    mac: str
    ap_serial: str | None
    started_at: datetime
    heard_at: datetime
    ended_at: datetime | None
    session_time_s: int
    up_bytes: int
    down_bytes: int
    up_packets: int
    down_packets: int

    @property
    def key(self) -> LegKey:
        """What tells it from all others."""
        return self.nas_id, self.address, self.acct_session_id

    @property
    def totals(self) -> Totals:
        """What it has counted so far."""
        return Totals(self.up_bytes, self.down_bytes, self.up_packets, self.down_packets)


class LegBook:
    """Legs of one transaction."""

    def __init__(self) -> None:
        self._legs: dict[LegKey, Leg] = {}
        self._open: dict[LegKey, Leg] = {}
        self._open_of: dict[str, int] = {}
        """How many legs of a session go on."""
        self._new: dict[LegKey, Leg] = {}
        self._advanced: dict[LegKey, Leg] = {}
        self._turned: dict[LegKey, Leg] = {}

    async def load(self, tx: Tx, keys: Collection[LegKey], devices: Collection[tuple[str, str]]) -> None:
        """Load legs by key, and the open ones of NAS devices."""
        if keys:
            self._take(Leg(*row) for row in await repository.load_legs(tx, keys))
        if devices:
            self._take(Leg(*row) for row in await repository.load_open_legs_of(tx, devices))

    async def load_open_of(self, tx: Tx, session_ids: Collection[str]) -> None:
        """Load the open legs of sessions."""
        if session_ids:
            self._take(Leg(*row) for row in await repository.load_open_legs(tx, session_ids))

    def find(self, key: LegKey) -> Leg | None:
        """Return a leg."""
        return self._legs.get(key)

    def list_of_device(self, device: tuple[str, str]) -> list[Leg]:
        """Return the open legs of a NAS device."""
        return [self._open[key] for key in sorted(self._open) if key[:2] == device]

    def has_open(self, session_id: str) -> bool:
        """Tell whether a session has a leg that goes on."""
        return self._open_of.get(session_id, 0) > 0

    def list_open(self) -> list[Leg]:
        """Return every open leg."""
        return [self._open[key] for key in sorted(self._open)]

    def session_ids(self) -> set[str]:
        """Return the sessions of all legs here."""
        return {leg.session_id for leg in self._legs.values()}

    def add(self, record: Record, *, session_id: str, mac: str, ap_serial: str | None, now: datetime) -> Leg:
        """Add a leg with nothing counted yet."""
        leg = Leg(*record.leg, session_id, mac, ap_serial, now, now, None, 0, 0, 0, 0, 0)
        self._take([leg])
        self._new[leg.key] = leg
        return leg

    def advance(self, leg: Leg, record: Record, now: datetime) -> None:
        """Take over what a record tells beyond what is known."""
        totals = highest(leg.totals, record.totals)
        leg.up_bytes, leg.down_bytes = totals.up_bytes, totals.down_bytes
        leg.up_packets, leg.down_packets = totals.up_packets, totals.down_packets
        leg.session_time_s = max(leg.session_time_s, record.session_time_s)
        leg.heard_at = max(leg.heard_at, now)
        self._advanced[leg.key] = leg

    def end(self, leg: Leg, now: datetime) -> None:
        """Note that a leg is over."""
        if leg.ended_at is None:
            leg.ended_at = now
            self._turned[leg.key] = leg
            del self._open[leg.key]
            self._open_of[leg.session_id] -= 1

    def reopen(self, leg: Leg) -> None:
        """Note that a leg goes on after all: its NAS still counts."""
        if leg.ended_at is not None:
            leg.ended_at = None
            self._turned[leg.key] = leg
            self._keep_open(leg)

    async def save(self, tx: Tx) -> None:
        """Store what changed; the sessions must be stored already."""
        await repository.insert_legs(tx, list(self._new.values()))
        new, turned = self._new, self._turned
        await repository.update_counters(
            tx, [leg for key, leg in self._advanced.items() if key not in turned and key not in new]
        )
        await repository.update_turned(tx, [leg for key, leg in turned.items() if key not in new])

    def _take(self, legs: Iterable[Leg]) -> None:
        for leg in legs:
            key = leg.key
            if key in self._legs:
                continue
            self._legs[key] = leg
            if leg.ended_at is None:
                self._keep_open(leg)

    def _keep_open(self, leg: Leg) -> None:
        self._open[leg.key] = leg
        self._open_of[leg.session_id] = self._open_of.get(leg.session_id, 0) + 1
