"""HTTP routes of the accounts: finding one, blocking it and letting it in again."""

from typing import Literal

from fastapi import APIRouter

from controller.api.schemas import AccountDetailsOut, AccountOut, AccountSearchIn, DeviceOut
from controller.api.sessions import mask_mac
from controller.audit import service as audit
from controller.core.paging import After, Limit, Page
from controller.directory.service import Directory
from controller.directory.types import DeviceView
from controller.operators.context import DryRun, Engineer, RequestContext, Viewer
from controller.sessions import service as sessions
from controller.sessions.types import ADMIN_RESET

router = APIRouter(prefix="/accounts", tags=["people"])


@router.get("")
async def list_accounts(ctx: Viewer, limit: Limit = 100, after: After = None) -> Page[AccountOut]:
    """List accounts, oldest first."""
    async with ctx.db.reading() as tx:
        accounts = await Directory(ctx.secrets).list_accounts(tx, after=after or "", limit=limit)
    return Page(
        items=[AccountOut.model_validate(account) for account in accounts],
        next=accounts[-1].id if len(accounts) == limit else None,
    )


@router.post("/search")
async def search_accounts(ctx: Engineer, body: AccountSearchIn) -> Page[AccountOut]:
    """Find the account of a phone number; the search is in the audit log, the number is not."""
    async with ctx.changing() as tx:
        accounts = await Directory(ctx.secrets).list_accounts(tx, phone=body.phone)
        audit.record(
            tx,
            operator=ctx.actor.name,
            action="searched-by-phone",
            object_type="account",
            object_id=accounts[0].id if accounts else "-",
            now=ctx.now,
        )
    return Page(items=[AccountOut.model_validate(account) for account in accounts], total=len(accounts))


@router.get("/{account_id}")
async def show_account(ctx: Viewer, account_id: str) -> AccountDetailsOut:
    """Show an account with its devices and open sessions."""
    async with ctx.db.reading() as tx:
        account, devices = await Directory(ctx.secrets).get_account(tx, account_id)
        opened = await sessions.list_sessions(tx, account_id=account_id, only_open=True)
    return AccountDetailsOut(
        account=AccountOut.model_validate(account),
        devices=[_device_out(ctx, device) for device in devices],
        open_sessions=[session.id for session in opened],
    )


@router.post("/{account_id}/block")
async def block_account(ctx: Engineer, account_id: str, dry_run: DryRun = False) -> AccountOut:
    """Block an account: its sessions end, its devices are forgotten, logins are refused."""
    return await _set_status(ctx, account_id, "blocked", dry_run=dry_run)


@router.post("/{account_id}/unblock")
async def unblock_account(ctx: Engineer, account_id: str, dry_run: DryRun = False) -> AccountOut:
    """Let an account log in again."""
    return await _set_status(ctx, account_id, "active", dry_run=dry_run)


async def _set_status(
    ctx: RequestContext, account_id: str, status: Literal["active", "blocked"], *, dry_run: bool
) -> AccountOut:
    directory = Directory(ctx.secrets)
    async with ctx.changing(dry_run=dry_run) as tx:
        before, _ = await directory.get_account(tx, account_id)
        if before.status != status:
            await directory.set_account_status(tx, account_id=account_id, status=status)
            opened = await sessions.list_sessions(tx, account_id=account_id, only_open=True)
            if status == "blocked":
                for session in reversed(opened):  # by id: see `sessions.service`
                    await sessions.end(tx, session.id, reason=ADMIN_RESET, now=ctx.now, source="gateway")
            audit.record(
                tx,
                operator=ctx.actor.name,
                action="blocked" if status == "blocked" else "unblocked",
                object_type="account",
                object_id=account_id,
                now=ctx.now,
            )
        after, _ = await directory.get_account(tx, account_id)
        return AccountOut.model_validate(after)


def _device_out(ctx: RequestContext, device: DeviceView) -> DeviceOut:
    shown = DeviceOut.model_validate(device)
    return shown if ctx.actor.may("engineer") else shown.model_copy(update={"mac": mask_mac(device.mac)})
