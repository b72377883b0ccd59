"""What an endpoint gets: a dry run meets the database's own checks and changes nothing."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from controller.core.secrets import SecretStore
from controller.models import District
from controller.operators.context import RequestContext
from controller.operators.types import Actor
from tests.factories.inventory import NOW


@pytest.fixture
def context(database, tmp_path) -> RequestContext:
    return RequestContext(Actor("x", "anna", "admin"), database, SecretStore(tmp_path), NOW, tmp_path)


async def names(context) -> list[str]:
    async with context.db.reading() as tx:
        return list(await tx.scalars(sa.select(District.name)))


async def test_changes_are_committed(context):
    async with context.changing() as tx:
        tx.add(District(id="a", name="A"))
    assert await names(context) == ["A"]


async def test_a_dry_run_leaves_nothing(context):
    async with context.changing(dry_run=True) as tx:
        tx.add(District(id="a", name="A"))
    assert await names(context) == []


async def test_a_dry_run_still_fails_where_the_change_would(context):
    async with context.changing() as tx:
        tx.add(District(id="a", name="A"))
    with pytest.raises(IntegrityError):
        async with context.changing(dry_run=True) as tx:
            tx.add(District(id="a", name="B"))


async def test_an_error_rolls_back(context):
    with pytest.raises(ValueError, match="stop"):  # noqa: PT012  the transaction is what is tried
        async with context.changing() as tx:
            tx.add(District(id="a", name="A"))
            await tx.flush()
            raise ValueError("stop")
    assert await names(context) == []
