"""WLANs in a real database: the event and the audit entry stand or fall with the change."""

import pytest
import sqlalchemy as sa

from controller.core.errors import ConflictError
from controller.core.outbox import OutboxRow
from controller.models import AuditEntry, WlanSite
from controller.operators.types import Actor
from controller.wlans import service
from controller.wlans.types import WlanChanges
from tests.factories.inventory import NOW, add_places, add_wlan

ACTOR = Actor("x", "anna", "engineer")


async def counts(database) -> tuple[int, int]:
    async with database.reading() as tx:
        events = await tx.scalar(sa.select(sa.func.count()).select_from(OutboxRow))
        return events, await tx.scalar(sa.select(sa.func.count()).select_from(AuditEntry))


async def test_all_or_nothing(database):
    await add_wlan(database, "a", "A")
    await add_wlan(database, "b", "B")
    with pytest.raises(ConflictError):  # noqa: PT012  the transaction is what is tried
        async with database.transaction() as tx:
            await service.change(tx, "a", WlanChanges(isolate=False), actor=ACTOR, now=NOW)
            await service.change(tx, "b", WlanChanges(ssid="A"), actor=ACTOR, now=NOW)
    assert await counts(database) == (0, 0)
    async with database.transaction() as tx:
        await service.change(tx, "a", WlanChanges(isolate=False), actor=ACTOR, now=NOW)
    assert await counts(database) == (1, 1)


async def test_sites_are_replaced_and_go_with_the_wlan(database):
    await add_places(database)
    await add_wlan(database)
    for sites in (("arbat-1",), ("arbat-2", "arbat-1"), ("arbat-2",)):
        async with database.transaction() as tx:
            await service.change(tx, "city", WlanChanges(sites=sites), actor=ACTOR, now=NOW)
            assert (await service.get(tx, "city")).sites == tuple(sorted(sites))
    async with database.transaction() as tx:
        await service.remove(tx, "city", actor=ACTOR, now=NOW)
        assert list(await tx.scalars(sa.select(WlanSite))) == []
