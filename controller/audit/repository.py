"""SQL of the audit log."""

import sqlalchemy as sa

from controller.audit.types import AuditView
from controller.core.db import Tx
from controller.models import AuditEntry


def add(tx: Tx, entry: AuditView) -> None:
    """Add an entry; it is written with the transaction."""
    tx.add(
        AuditEntry(
            id=entry.id,
            at=entry.at,
            operator=entry.operator,
            action=entry.action,
            object_type=entry.object_type,
            object_id=entry.object_id,
            detail=entry.detail,
        )
    )


async def find_page(
    tx: Tx,
    *,
    operator: str | None,
    object_type: str | None,
    object_id: str | None,
    limit: int,
    after: str | None,
) -> tuple[list[AuditView], int]:
    """Return up to `limit` entries, newest first, older than the entry `after`; and how many match in all."""
    query = sa.select(AuditEntry)
    for column, wanted in (
        (AuditEntry.operator, operator),
        (AuditEntry.object_type, object_type),
        (AuditEntry.object_id, object_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    total = await tx.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    if after is not None:
        query = query.where(AuditEntry.id < after)
    rows = await tx.scalars(query.order_by(AuditEntry.id.desc()).limit(limit))
    return [
        AuditView(
            id=row.id,
            at=row.at,
            operator=row.operator,
            action=row.action,
            object_type=row.object_type,
            object_id=row.object_id,
            detail=dict(row.detail or {}),
        )
        for row in rows
    ], total or 0
