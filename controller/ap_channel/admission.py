"""Who may connect: access points of the inventory that are not retired.

The whole inventory's states are loaded at start, so that a reconnect storm asks the database
nothing; a serial that is not there is looked up once more.
"""

from __future__ import annotations

from controller.ap_channel import repository
from controller.core.db import Database

UNKNOWN = "unknown-serial"
RETIRED = "retired"


class Admission:
    """Inventory states by serial."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._states: dict[str, str] = {}

    async def load(self) -> None:
        """Read the inventory afresh."""
        async with self._db.reading() as tx:
            self._states = await repository.list_states(tx)

    async def refusal(self, serial: str) -> str | None:
        """Why ``serial`` may not connect (a metric label), None if it may."""
        state = self._states.get(serial)
        if state is None:
            state = await self.refresh(serial)
        if state is None:
            return UNKNOWN
        return RETIRED if state == "retired" else None

    async def refresh(self, serial: str) -> str | None:
        """Read one access point's state afresh, because it changed; None if it is unknown."""
        async with self._db.reading() as tx:
            state = await repository.find_state(tx, serial)
        if state is None:
            self._states.pop(serial, None)
        else:
            self._states[serial] = state
        return state

    async def adopt(self, serials: list[str]) -> None:
        """Planned access points that connected become adopted; call it with batches."""
        planned = [serial for serial in serials if self._states.get(serial) == "planned"]
        if not planned:
            return
        async with self._db.transaction() as tx:
            await repository.adopt(tx, planned)
        self._states.update(dict.fromkeys(planned, "adopted"))
