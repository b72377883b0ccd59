"""The audit log in a real database: written with the change, or not at all."""

import pytest

from controller.audit import service
from tests.factories.inventory import NOW

ENTRY = {"operator": "anna", "action": "changed", "object_type": "wlan", "object_id": "city", "now": NOW}


async def test_details_come_back_as_they_went_in(database):
    async with database.transaction() as tx:
        service.record(tx, **ENTRY, ssid=["Старая", "Новая"], count=2)
    async with database.reading() as tx:
        [entry], total = await service.list_entries(tx)
    assert (entry.detail, entry.at, total) == ({"ssid": ["Старая", "Новая"], "count": 2}, NOW, 1)


async def test_no_entry_without_its_change(database):
    with pytest.raises(RuntimeError):  # noqa: PT012  the transaction is what is tried
        async with database.transaction() as tx:
            service.record(tx, **ENTRY)
            await tx.flush()
            raise RuntimeError
    async with database.reading() as tx:
        assert await service.list_entries(tx) == ([], 0)
