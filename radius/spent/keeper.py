"""Finds accounts whose volume of the day or month is used up, ends their sessions, and frees them again.

One process of a city does it, every half a minute; so an account can use some more than it has. With no
plan that limits days or months it costs one small query.
"""

import asyncio
from datetime import datetime, tzinfo

from controller.core import outbox
from controller.core.clock import Clock
from controller.core.db import Database, Tx
from controller.sessions import service as sessions
from controller.sessions.types import QUOTA
from radius.index.repository import list_plans
from radius.outcomes import SOURCE
from radius.spent import repository
from radius.spent.events import SpentChanged
from radius.spent.periods import periods_of


class SpentKeeper:
    """See the module.

    Args:
        db: the database.
        clock: gives the time.
        zone: the city's time zone.
        every_s: seconds between looks.
    """

    def __init__(self, db: Database, clock: Clock, zone: tzinfo, *, every_s: float = 30.0) -> None:
        self._db = db
        self._clock = clock
        self._zone = zone
        self._every_s = every_s

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> int:
        """Look once; return how many accounts changed."""
        now = self._clock.now()
        async with self._db.reading() as tx:
            known = await repository.list_spent(tx)
            found = await self._find(tx, now)
        add = {account_id: until for account_id, until in found.items() if known.get(account_id) != until}
        remove = known.keys() - found.keys()
        if not add and not remove:
            return 0
        async with self._db.transaction() as tx:
            await repository.replace_spent(tx, add=add, remove=remove)
            await outbox.add(tx, SpentChanged(len(add) + len(remove)))
            for session_id in await repository.list_open(tx, add.keys()):
                await sessions.end(tx, session_id, reason=QUOTA, now=now, source=SOURCE)
        return len(add) + len(remove)

    async def _find(self, tx: Tx, now: datetime) -> dict[str, datetime]:
        """Return who has nothing left, and until when: the later end of what is used up."""
        found: dict[str, datetime] = {}
        for plan in await list_plans(tx):
            for period in periods_of(plan, now, self._zone):
                using = await repository.list_using(
                    tx, plan.id, start=period.start, quota_bytes=period.quota_bytes
                )
                for account_id in using:
                    found[account_id] = max(found.get(account_id, period.end), period.end)
        return found
