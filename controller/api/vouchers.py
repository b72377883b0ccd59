"""HTTP routes of the vouchers and of the plans they give."""

from datetime import timedelta

from fastapi import APIRouter, status

from controller.api.schemas import PlanIn, PlanOut, VoucherOut, VouchersIn, VouchersOut
from controller.audit import service as audit
from controller.core.paging import After, Limit, Page
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.operators.context import Admin, DryRun, Engineer, Viewer
from controller.sites.rules import check_slug

router = APIRouter(tags=["people"])


@router.get("/plans")
async def list_plans(ctx: Viewer) -> Page[PlanOut]:
    """List plans; all on one page."""
    async with ctx.db.reading() as tx:
        plans = await Directory(ctx.secrets).list_plans(tx)
    return Page(items=[PlanOut.model_validate(plan) for plan in plans], total=len(plans))


@router.put("/plans/{plan_id}")
async def save_plan(ctx: Admin, plan_id: str, body: PlanIn, dry_run: DryRun = False) -> PlanOut:
    """Create or replace a plan; sessions that are open keep what they have."""
    plan = PlanView(id=check_slug(plan_id, "plan"), **body.model_dump())
    async with ctx.changing(dry_run=dry_run) as tx:
        await Directory(ctx.secrets).save_plan(tx, plan)
        audit.record(
            tx,
            operator=ctx.actor.name,
            action="saved",
            object_type="plan",
            object_id=plan_id,
            now=ctx.now,
            **body.model_dump(),
        )
    return PlanOut.model_validate(plan)


@router.get("/vouchers")
async def list_vouchers(
    ctx: Viewer, batch: str | None = None, limit: Limit = 100, after: After = None
) -> Page[VoucherOut]:
    """List vouchers, oldest first, without their codes."""
    async with ctx.db.reading() as tx:
        vouchers = await Directory(ctx.secrets).list_vouchers(tx, batch=batch, after=after or "", limit=limit)
    return Page(
        items=[VoucherOut.model_validate(voucher) for voucher in vouchers],
        next=vouchers[-1].id if len(vouchers) == limit else None,
    )


@router.post("/vouchers", status_code=status.HTTP_201_CREATED)
async def create_vouchers(ctx: Engineer, body: VouchersIn, dry_run: DryRun = False) -> VouchersOut:
    """Make vouchers; the answer holds the codes, once."""
    async with ctx.changing(dry_run=dry_run) as tx:
        codes = await Directory(ctx.secrets).create_vouchers(
            tx,
            plan_id=body.plan_id,
            count=body.count,
            valid_s=body.valid_s,
            batch=body.batch,
            now=ctx.now,
        )
        audit.record(
            tx,
            operator=ctx.actor.name,
            action="created",
            object_type="voucher",
            object_id=body.batch or "*",
            now=ctx.now,
            count=body.count,
            plan=body.plan_id,
            valid_s=body.valid_s,
        )
    return VouchersOut(
        codes=[] if dry_run else codes,
        count=body.count,
        plan_id=body.plan_id,
        batch=body.batch,
        expires_at=ctx.now + timedelta(seconds=body.valid_s),
    )
