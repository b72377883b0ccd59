"""Keeps a process's network keys in step with the database.

All are read at the start and now and then, and one by one as they change.
"""

from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.runtime import Runtime
from controller.core.secrets import SecretStore
from controller.directory import network_keys
from controller.directory.events import NetworkKeyChanged
from radius.mpsk.ring import KeyRing
from radius.reload import keep_read

_PAGE: Final = 500
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

    async def read_all(self) -> None:
        """Read every key that is good."""
        gone = self._ring.names()
        now, after = self._clock.now(), ""
        while True:
            async with self._db.reading() as tx:
                keys = await network_keys.page(tx, self._secrets, after=after, limit=_PAGE, now=now)
            for key in keys:
                self._ring.put(key)
                gone.discard(key.username)
            if len(keys) < _PAGE:
                break
            after = keys[-1].username
        for username in gone:
            self._ring.remove(username)

    async def hear(self, event: NetworkKeyChanged) -> None:
        """Read one key again."""
        async with self._db.reading() as tx:
            key = await network_keys.find(tx, self._secrets, username=event.username, now=self._clock.now())
        if key is None:
            self._ring.remove(event.username)
        else:
            self._ring.put(key)


async def keep_ring(runtime: Runtime, ring: KeyRing) -> None:
    """Fill a ring and keep it so."""
    keeper = KeyRingKeeper(ring, runtime.db, runtime.secrets, runtime.clock)
    runtime.bus.subscribe(NetworkKeyChanged, keeper.hear)
    await keep_read(runtime.tasks, runtime.bus, "radius-mpsk", keeper.read_all, every_s=_EVERY_S)
