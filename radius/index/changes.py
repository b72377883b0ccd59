"""What changed and is not yet in the index: gathered from events, read from the database together.

An event names what changed; the rows are read again, so events may come twice or late. Knows no index.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from controller.access_points.events import AccessPointChanged
from controller.core import outbox
from controller.core.bus import topic_of
from controller.core.db import Database
from controller.directory.events import AccountChanged, CredentialChanged, DeviceChanged, PlanChanged
from controller.sessions.events import SessionEnded, SessionMoved, SessionStarted
from radius.index import repository
from radius.index.entries import ACCOUNTS, CREDENTIALS, DEVICES, SESSIONS, Settled
from radius.index.keys import Keys
from radius.index.rows import TO_ITEM
from radius.index.writer import Change

EVENTS: Final = (
    AccountChanged,
    CredentialChanged,
    DeviceChanged,
    PlanChanged,
    SessionStarted,
    SessionMoved,
    SessionEnded,
    AccessPointChanged,
)
"""After which something else may have to stand in the index."""
_CATCH_UP_MOST: Final = 200_000
"""Events; with more a comparison is quicker."""
_PAGE: Final = 1_000


@dataclass(slots=True)
class Changed:
    """What changed.

    Attributes:
        usernames: of credentials.
        devices: MACs of devices.
        stations: MACs whose open session changed.
        sessions: ids of sessions that began or ended.
        accounts: accounts with all they have.
        settled: whether plans or places did.
        beat: when the last event was written after which nothing is missing, Unix seconds; 0: unknown.
    """

    usernames: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    stations: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    settled: bool = False
    beat: float = 0.0

    def __len__(self) -> int:
        """Return how much changed, beats left out."""
        several = (self.usernames, self.devices, self.stations, self.accounts)
        return sum(map(len, several)) + self.settled

    def note(self, event: object) -> None:
        """Take what an event names."""
        match event:
            case CredentialChanged(username):
                self.usernames.add(username)
            case DeviceChanged(mac):
                self.devices.add(mac)
            case SessionStarted() | SessionMoved() | SessionEnded():
                self.stations.add(event.mac)
                self.sessions.add(event.session_id)
            case AccountChanged(account_id):
                self.accounts.add(account_id)
            case _:
                self.settled = True

    def merge(self, other: "Changed") -> None:
        """Take what another holds too."""
        self.usernames |= other.usernames
        self.devices |= other.devices
        self.stations |= other.stations
        self.sessions |= other.sessions
        self.accounts |= other.accounts
        self.settled |= other.settled
        self.beat = max(self.beat, other.beat)


async def read_changes(db: Database, changed: Changed, keys: Keys) -> list[Change]:
    """Return what has to stand in the index of what changed."""
    usernames, devices = set(changed.usernames), set(changed.devices)
    rows: dict[bytes, repository.Rows] = {}
    async with db.reading() as tx:
        if changed.accounts:
            names, macs = await repository.list_names(tx, changed.accounts)
            usernames |= names
            devices |= macs
        if usernames:
            rows[CREDENTIALS] = await repository.list_credentials(tx, usernames=usernames)
        if devices:
            rows[DEVICES] = await repository.list_devices(tx, macs=devices)
        if changed.stations:
            rows[SESSIONS] = await repository.list_sessions(tx, macs=changed.stations)
        counted = set(changed.accounts)
        if changed.sessions or counted:
            refusing = await repository.list_counted(
                tx, session_ids=changed.sessions, account_ids=changed.accounts
            )
            counted |= refusing
            rows[ACCOUNTS] = await repository.list_online(tx, account_ids=refusing) if refusing else ()
    there = {(table, key): value for table in rows for key, value in _items(table, rows[table], keys)}
    named = {
        CREDENTIALS: map(keys.username, usernames),
        DEVICES: map(keys.station, devices),
        SESSIONS: map(keys.station, changed.stations),
        ACCOUNTS: map(keys.account, counted),
    }
    return [(table, key, there.get((table, key))) for table, key in _pairs(named)]


async def read_missed(db: Database, since: datetime) -> Changed | None:
    """Return what changed since a moment by the events of the outbox; None if they are too many."""
    kinds = {topic_of(kind): kind for kind in EVENTS}
    changed = Changed(settled=True)
    async with db.reading() as tx:
        after = await outbox.last_id_before(tx, since)
    for _ in range(_CATCH_UP_MOST // _PAGE):
        async with db.reading() as tx:
            rows = await outbox.newer(tx, after, _PAGE)
        for row in rows:
            if row.topic in kinds:
                changed.note(msgspec.json.decode(row.payload, type=kinds[row.topic]))
        if len(rows) < _PAGE:
            return changed
        after = rows[-1].id
    return None


async def read_settled(db: Database) -> Settled:
    """Return the plans and places."""
    async with db.reading() as tx:
        return Settled(await repository.list_plans(tx), await repository.list_places(tx))


def _items(table: bytes, rows: repository.Rows, keys: Keys) -> Iterable[tuple[bytes, bytes]]:
    return (TO_ITEM[table](row, keys) for row in rows)


def _pairs(named: Mapping[bytes, Iterable[bytes]]) -> Iterable[tuple[bytes, bytes]]:
    return ((table, key) for table, keys in named.items() for key in keys)
