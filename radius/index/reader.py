"""Looks things up in the account index: one read transaction and two look-ups a login, a few microseconds.

Any number of processes read while one writes; each look-up sees what was committed last. An index that
is absent, or turns out damaged, is no error: nothing is found then, and `state` says that this proves
nothing.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import lmdb
import msgspec

from controller.core.log import get_logger
from controller.core.mac import Mac
from controller.directory.types import PlanView
from radius.index.entries import (
    ACCOUNTS,
    CREDENTIALS,
    DEVICES,
    NOTHING_KNOWN,
    SCHEMA,
    SESSIONS,
    SETTLED,
    SETTLED_KEY,
    STATE_KEY,
    CredentialEntry,
    DeviceEntry,
    SessionEntry,
    State,
    decode_account,
    decode_credential,
    decode_device,
    decode_session,
    decode_settled,
    decode_state,
)
from radius.index.environment import (
    Environment,
    Table,
    identity_of,
    is_marked_damaged,
    mark_damaged,
    open_reader,
)
from radius.index.keys import Keys
from radius.index.places import NOWHERE, Places

LOG_OPENED: Final = "radius.index_opened"
LOG_UNREADABLE: Final = "radius.index_unreadable"

_LOOK_S: Final = 0.5

_log = get_logger(__name__)


class AccountIndex:
    """The index as one process reads it.

    Args:
        path: the directory of the environment.
        keys: makes keys.

    Attributes:
        state: how far what is found, or not found, can be believed; as of the last look-up.
        plans: the plans by id; as of the last look-up.
        places: where access points stand; as of the last look-up.
    """

    def __init__(self, path: Path, keys: Keys) -> None:
        self.state: State = NOTHING_KNOWN
        self.plans: Mapping[str, PlanView] = {}
        self.places: Places = NOWHERE
        self.path = path
        self.keys = keys
        self._environment: Environment | None = None
        self._own = False
        self._transaction = 0

    def open(self) -> None:
        """Open the index if it is there and not open; open it anew if it was made anew."""
        if self._environment is not None and (
            not self._own or self._environment.identity == identity_of(self.path)
        ):
            return
        self.close()
        if is_marked_damaged(self.path):
            return
        self._environment = open_reader(self.path)
        self._own = True
        if self._environment is not None:
            _log.info(LOG_OPENED, path=str(self.path))
            self.refresh()

    def attach(self, environment: Environment | None) -> None:
        """Read through the environment of the writer in this process, which must not open it twice."""
        self.close()
        self._environment, self._own = environment, False
        self.refresh()

    def close(self) -> None:
        """Let go of the file; nothing is found from now on."""
        if self._environment is not None and self._own:
            self._environment.close()
        self._environment, self._transaction = None, 0
        self.state, self.plans, self.places = NOTHING_KNOWN, {}, NOWHERE

    async def follow(self) -> None:
        """Until cancelled, look twice a second whether the index was made anew."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.open()
            self.refresh()

    def refresh(self) -> None:
        """Bring `state`, `plans` and `places` up to date."""
        self._find(CREDENTIALS, b"\x00", None)

    def find_credential(
        self, username: str, station: Mac | None
    ) -> tuple[CredentialEntry | None, SessionEntry | None]:
        """Return a credential, and the open session of the station, or else of the credential's device."""
        keys = self.keys
        found, session = self._find(
            CREDENTIALS, keys.username(username), None if station is None else keys.station(station)
        )
        if found is None:
            return None, None
        try:
            return decode_credential(found), None if session is None else decode_session(session)
        except msgspec.MsgspecError as error:
            return self._lose(error)

    def find_device(self, mac: Mac) -> tuple[DeviceEntry | None, SessionEntry | None]:
        """Return a remembered device and its open session."""
        key = self.keys.station(mac)
        found, session = self._find(DEVICES, key, key)
        if found is None:
            return None, None
        try:
            return decode_device(found), None if session is None else decode_session(session)
        except msgspec.MsgspecError as error:
            return self._lose(error)

    def count_others(self, account_id: str, mac: Mac, now_s: float) -> int:
        """Return how many other devices of an account are online; only for plans that refuse one too many."""
        found, _ = self._find(ACCOUNTS, self.keys.account(account_id), b"\x00")
        if found is None:
            return 0
        mine = self.keys.station(mac)
        try:
            online = decode_account(found).online
        except msgspec.MsgspecError as error:
            self._lose(error)
            return 0
        return sum(1 for key, over in online if key != mine and over > now_s)

    def _find(self, table: bytes, key: bytes, station: bytes | None) -> tuple[bytes | None, bytes | None]:
        """Return an entry and a session as stored; with no station that of the credential's device."""
        environment = self._environment
        if environment is None:
            return None, None
        try:
            tables = environment.tables
            tx = environment.lmdb.begin()
            try:  # a `with` would cost as much as a look-up
                if tx.id() != self._transaction:
                    self._settle(tx, tables[SETTLED])
                found: bytes | None = tx.get(key, None, tables[table])
                if found is None:
                    return None, None
                if station is None:
                    station = decode_credential(found).station
                return found, tx.get(station, None, tables[SESSIONS])
            finally:
                tx.abort()
        except lmdb.MapResizedError:
            environment.lmdb.set_mapsize(0)  # the writer was given a larger map
            return self._find(table, key, station)
        except (lmdb.Error, msgspec.MsgspecError) as error:
            return self._lose(error)

    def _settle(self, tx: lmdb.Transaction, table: Table) -> None:
        """Something was committed: see whether it is of the kind that is kept in memory."""
        stored = tx.get(STATE_KEY, None, table)
        state = NOTHING_KNOWN if stored is None else decode_state(stored)
        if state.schema != SCHEMA or state.key_check != self.keys.check:
            state = NOTHING_KNOWN
        if state.settled != self.state.settled or not self.plans:
            whole = tx.get(SETTLED_KEY, None, table)
            if whole is not None:
                settled = decode_settled(whole)
                self.plans = {plan.id: plan for plan in settled.plans}
                self.places = Places(settled.places)
        self.state = state
        self._transaction = tx.id()

    def _lose(self, error: Exception) -> tuple[None, None]:
        """Read no more of what is damaged; the writer makes it anew."""
        _log.error(LOG_UNREADABLE, path=str(self.path), error=type(error).__name__)
        mark_damaged(self.path)
        self.attach(None)
        return None, None
