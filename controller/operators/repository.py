"""SQL of the operators."""

from datetime import datetime
from typing import cast

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import Operator
from controller.operators.types import OperatorView, Role


async def find_by_digest(tx: Tx, digest: bytes) -> OperatorView | None:
    """Find the operator, disabled or not, whose token has this digest."""
    row = await tx.scalar(sa.select(Operator).where(Operator.token_digest == digest))
    return None if row is None else _view(row)


async def find_by_name(tx: Tx, name: str) -> OperatorView | None:
    """Find an operator."""
    row = await tx.scalar(sa.select(Operator).where(Operator.name == name))
    return None if row is None else _view(row)


async def list_all(tx: Tx) -> list[OperatorView]:
    """Return every operator, by name."""
    return [_view(row) for row in await tx.scalars(sa.select(Operator).order_by(Operator.name))]


async def add(tx: Tx, operator: OperatorView, token_digest: bytes) -> None:
    """Store a new operator."""
    tx.add(
        Operator(
            id=operator.id,
            name=operator.name,
            role=operator.role,
            token_digest=token_digest,
            created_at=operator.created_at,
            disabled_at=operator.disabled_at,
        )
    )
    await tx.flush()


async def set_digest(tx: Tx, operator_id: str, token_digest: bytes) -> None:
    """Replace an operator's token."""
    await tx.execute(sa.update(Operator).where(Operator.id == operator_id).values(token_digest=token_digest))


async def set_disabled(tx: Tx, operator_id: str, disabled_at: datetime | None) -> None:
    """Disable or enable an operator."""
    await tx.execute(sa.update(Operator).where(Operator.id == operator_id).values(disabled_at=disabled_at))


def _view(row: Operator) -> OperatorView:
    return OperatorView(row.id, row.name, cast("Role", row.role), row.created_at, row.disabled_at)
