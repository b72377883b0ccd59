"""Writes and reads the audit log.

Entries are written in the transaction of the change they speak of. Details name fields and old and
new values of the inventory; what belongs to a citizen (phone, MAC, name, IP) is never among them.
"""

from datetime import datetime
from typing import Any

from controller.audit import repository
from controller.audit.types import AuditView
from controller.core.db import Tx
from controller.core.ids import new_id


def record(
    tx: Tx, *, operator: str, action: str, object_type: str, object_id: str, now: datetime, **detail: Any
) -> None:
    """Write who did what: `detail` is JSON values, no personal data."""
    repository.add(
        tx,
        AuditView(
            id=new_id(),
            at=now,
            operator=operator,
            action=action,
            object_type=object_type,
            object_id=object_id,
            detail=detail,
        ),
    )


async def list_entries(
    tx: Tx,
    *,
    operator: str | None = None,
    object_type: str | None = None,
    object_id: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> tuple[list[AuditView], int]:
    """Return up to `limit` entries, newest first, and how many there are on all pages."""
    return await repository.find_page(
        tx, operator=operator, object_type=object_type, object_id=object_id, limit=limit, after=after
    )
