"""HTTP routes of the audit log."""

from fastapi import APIRouter

from controller.audit import service
from controller.audit.schemas import AuditOut
from controller.core.paging import After, Limit, Page
from controller.operators.context import Admin

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("")
async def list_entries(
    ctx: Admin,
    *,
    operator: str | None = None,
    object_type: str | None = None,
    object_id: str | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[AuditOut]:
    """List what operators did, newest first."""
    async with ctx.db.reading() as tx:
        entries, total = await service.list_entries(
            tx, operator=operator, object_type=object_type, object_id=object_id, limit=limit, after=after
        )
    return Page(
        items=[AuditOut.model_validate(entry) for entry in entries],
        next=entries[-1].id if len(entries) == limit else None,
        total=total,
    )
