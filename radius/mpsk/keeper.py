"""Keeps a process's network keys in step with the database.

All are read at the start and now and then, and one by one as they change.
"""

import asyncio
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.runtime import Runtime
from controller.core.secrets import SecretStore
from controller.directory import network_keys
from controller.directory.events import NetworkKeyChanged
from controller.directory.network_keys import OpenNetworkKey
from radius.mpsk.ring import KeyRing
from radius.tables import Table, Tables

_PAGE: Final = 500
_KEEP_S: Final = 5.0
"""Keys that change within it are written to the disk together."""
_EVERY_S: Final = 3_600.0
"""What is over is left out at each reading; a decision is not made by that."""


class KeyRingKeeper:
    """See the module.

    Args:
        ring: what is kept.
        db: the database.
        secrets: unseals keys.
        clock: gives the time.
    """

    def __init__(self, ring: KeyRing, db: Database, secrets: SecretStore, clock: Clock) -> None:
        self._ring = ring
        self._db = db
        self._secrets = secrets
        self._clock = clock
        self._heard: set[str] = set()
        self.changed = asyncio.Event()

    async def read(self) -> list[OpenNetworkKey]:
        """Return every key of the database that is good."""
        self._heard.clear()
        now, found = self._clock.now(), list[OpenNetworkKey]()
        while True:
            after = found[-1].username if found else ""
            async with self._db.reading() as tx:
                keys = await network_keys.page(tx, self._secrets, after=after, limit=_PAGE, now=now)
            found += keys
            if len(keys) < _PAGE:
                return found

    def take(self, keys: list[OpenNetworkKey]) -> None:
        """Have these keys in the ring, and no others but those heard of since they were read."""
        good = {key.username for key in keys}
        for username in self._ring.names() - good - self._heard:
            self._ring.remove(username)
        for key in keys:
            if key.username not in self._heard:
                self._ring.put(key)

    async def hear(self, event: NetworkKeyChanged) -> None:
        """Read one key again."""
        async with self._db.reading() as tx:
            key = await network_keys.find(tx, self._secrets, username=event.username, now=self._clock.now())
        self._heard.add(event.username)
        if key is None:
            self._ring.remove(event.username)
        else:
            self._ring.put(key)
        self.changed.set()


async def keep_ring(runtime: Runtime, tables: Tables, ring: KeyRing) -> None:
    """Fill a ring and keep it so."""
    keeper = KeyRingKeeper(ring, runtime.db, runtime.secrets, runtime.clock)
    runtime.bus.subscribe(NetworkKeyChanged, keeper.hear)
    table = Table("network-keys", list[OpenNetworkKey], keeper.read, keeper.take)
    await tables.follow(table, every_s=_EVERY_S)

    async def keep_changes() -> None:
        while True:
            await keeper.changed.wait()
            await asyncio.sleep(_KEEP_S)
            keeper.changed.clear()
            await tables.keep(table.name, ring.keys())

    runtime.tasks.spawn("radius-network-keys-kept", keep_changes)
