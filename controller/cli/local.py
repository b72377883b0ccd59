"""What commands share that work on the database of this machine's settings and need no running controller."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from controller import migrations
from controller.audit import service as audit
from controller.core.clock import SystemClock
from controller.core.db import Database, Tx
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings


@asynccontextmanager
async def opened(*, write: bool) -> AsyncIterator[tuple[Tx, SecretStore]]:
    """Open a transaction on this machine's database, and its secrets."""
    settings = CoreSettings.load()
    db = Database(settings.database)
    try:
        async with migrations.explained(db), db.transaction() if write else db.reading() as tx:
            yield tx, SecretStore(settings.data_dir / "secrets")
    finally:
        await db.close()


def operator() -> str:
    """Return who gives the command; whoever may write this database is known by the machine's account."""
    return f"{getpass.getuser()} (this machine)"


def record(tx: Tx, action: str, object_type: str, object_id: str, **detail: object) -> None:
    """Write who did what into the audit log."""
    audit.record(
        tx,
        operator=operator(),
        action=action,
        object_type=object_type,
        object_id=object_id,
        now=SystemClock().now(),
        **detail,
    )
