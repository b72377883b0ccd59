"""Who has no volume left, as of the last reading, where logins are decided."""

from datetime import datetime

from controller.core.db import Database
from radius.spent import repository


class SpentRegistry:
    """See the module.

    Args:
        db: the database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._until: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many accounts have nothing left."""
        return len(self._until)

    def is_spent(self, account_id: str, now_s: float) -> bool:
        """Tell whether an account has nothing left at a moment in Unix seconds."""
        until = self._until.get(account_id)
        return until is not None and now_s < until

    async def read(self) -> dict[str, datetime]:
        """Return the accounts of the database that have nothing left, and until when."""
        async with self._db.reading() as tx:
            return await repository.list_spent(tx)

    def take(self, spent: dict[str, datetime]) -> None:
        """Go by a reading from now on."""
        self._until = {account_id: until.timestamp() for account_id, until in spent.items()}
