"""HTTP routes of the operators."""

from fastapi import APIRouter, status

from controller.core.paging import Page
from controller.operators import service
from controller.operators.context import Admin, DryRun, Viewer
from controller.operators.schemas import OperatorIn, OperatorOut, TokenOut, WhoAmI
from controller.operators.types import OperatorView

router = APIRouter(tags=["operators"])


@router.get("/whoami")
async def show_asker(ctx: Viewer) -> WhoAmI:
    """Tell whose token this is."""
    return WhoAmI.model_validate(ctx.actor)


@router.get("/operators")
async def list_operators(ctx: Admin) -> Page[OperatorOut]:
    """List operators by name; all on one page."""
    async with ctx.db.reading() as tx:
        operators = await service.list_operators(tx)
    return Page(items=[OperatorOut.model_validate(operator) for operator in operators], total=len(operators))


@router.post("/operators", status_code=status.HTTP_201_CREATED)
async def create_operator(ctx: Admin, body: OperatorIn, dry_run: DryRun = False) -> TokenOut:
    """Name a new operator; the answer holds the token, once."""
    async with ctx.changing(dry_run=dry_run) as tx:
        operator, token = await service.create(
            tx, ctx.secrets, name=body.name, role=body.role, actor=ctx.actor, now=ctx.now
        )
    return _token_out(operator, None if dry_run else token)


@router.post("/operators/{name}/token")
async def replace_token(ctx: Admin, name: str, dry_run: DryRun = False) -> TokenOut:
    """Give an operator a new token; the old one stops working."""
    async with ctx.changing(dry_run=dry_run) as tx:
        operator, token = await service.replace_token(
            tx, ctx.secrets, name=name, actor=ctx.actor, now=ctx.now
        )
    return _token_out(operator, None if dry_run else token)


@router.post("/operators/{name}/disable")
async def disable_operator(ctx: Admin, name: str, dry_run: DryRun = False) -> OperatorOut:
    """Disable an operator: its token stops working."""
    async with ctx.changing(dry_run=dry_run) as tx:
        operator = await service.disable(tx, name=name, actor=ctx.actor, now=ctx.now)
    return OperatorOut.model_validate(operator)


def _token_out(operator: OperatorView, token: str | None) -> TokenOut:
    return TokenOut(
        name=operator.name,
        role=operator.role,
        created_at=operator.created_at,
        disabled_at=operator.disabled_at,
        token=token,
    )
