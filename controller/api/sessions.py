"""HTTP routes of the sessions: who is online, and putting somebody off."""

from typing import Any

from fastapi import APIRouter

from controller.api.schemas import AccountingOut, SessionDetailsOut, SessionEndIn, SessionOut
from controller.audit import service as audit
from controller.core.paging import After, Limit, Page
from controller.directory.service import Directory
from controller.operators.context import DryRun, Engineer, RequestContext, Viewer
from controller.sessions import service
from controller.sessions.types import ADMIN_RESET, SessionView

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.get("")
async def list_sessions(
    ctx: Viewer,
    *,
    gateway: str | None = None,
    site: str | None = None,
    account: str | None = None,
    open: bool = True,  # noqa: A002  the word of the API
    limit: Limit = 100,
    after: After = None,
) -> Page[SessionOut]:
    """List sessions, newest first; `open=false` adds those that are over."""
    async with ctx.db.reading() as tx:
        sessions = await service.list_sessions(
            tx,
            gateway_id=gateway,
            site_id=site,
            account_id=account,
            only_open=open,
            before=after,
            limit=limit,
        )
    return Page(
        items=[SessionOut.model_validate(_fields(ctx, session)) for session in sessions],
        next=sessions[-1].id if len(sessions) == limit else None,
    )


@router.get("/{session_id}")
async def show_session(ctx: Viewer, session_id: str) -> SessionDetailsOut:
    """Show a session and its accounting."""
    async with ctx.db.reading() as tx:
        session = await service.get(tx, session_id)
        records = [AccountingOut.model_validate(row) for row in await service.list_records(tx, session_id)]
    return SessionDetailsOut.model_validate(_fields(ctx, session) | {"accounting": records})


@router.post("/{session_id}/end")
async def end_session(
    ctx: Engineer, session_id: str, body: SessionEndIn | None = None, dry_run: DryRun = False
) -> SessionOut:
    """End a session; one that is over stays as it is."""
    forget = (body or SessionEndIn()).forget
    async with ctx.changing(dry_run=dry_run) as tx:
        session = await service.get(tx, session_id)
        if forget and session.ended_at is None:
            await Directory(ctx.secrets).forget(tx, mac=session.mac)
        ended = await service.end(tx, session_id, reason=ADMIN_RESET, now=ctx.now, source="gateway")
        if ended is not None:
            session = ended
            audit.record(
                tx,
                operator=ctx.actor.name,
                action="ended",
                object_type="session",
                object_id=session_id,
                now=ctx.now,
                forget=forget,
            )
    return SessionOut.model_validate(_fields(ctx, session))


def _fields(ctx: RequestContext, session: SessionView) -> dict[str, Any]:
    fields = {name: getattr(session, name) for name in SessionOut.model_fields if hasattr(session, name)}
    fields["seconds_remaining"] = session.seconds_remaining(ctx.now)
    if not ctx.actor.may("engineer"):
        fields["mac"] = mask_mac(session.mac)
        fields["ip"] = ""
    return fields


def mask_mac(mac: str) -> str:
    """Return a MAC address with its last three bytes hidden: the maker shows, the device does not."""
    return f"{mac[:8]}:••:••:••"
