"""The outbox on both databases."""

from datetime import timedelta

from controller.core import outbox
from tests.fakes.listener import Happened


async def test_events_wait_until_they_are_marked_and_are_purged_when_old(database):
    async with database.transaction() as tx:
        await outbox.add(tx, Happened(1))
        await outbox.add(tx, Happened(2))
    async with database.reading() as tx:
        waiting = await outbox.unpublished(tx, 10)
        assert await outbox.ids_after(tx, waiting[0].id) == [waiting[1].id]
    assert [row.payload for row in waiting] == [b'{"number":1}', b'{"number":2}']
    assert {row.topic for row in waiting} == {"test.happened"}
    async with database.transaction() as tx:
        created = (await tx.get(outbox.OutboxRow, waiting[0].id)).created_at
        await outbox.mark_published(tx, [waiting[0].id], created)
    async with database.reading() as tx:
        assert await outbox.last_id_before(tx, created) == 0
        assert await outbox.last_id_before(tx, created + timedelta(seconds=2)) == waiting[1].id
        assert await outbox.unpublished(tx, 10) == [waiting[1]]
        assert await outbox.newer(tx, waiting[0].id, 10) == [waiting[1]]
    async with database.transaction() as tx:
        assert await outbox.purge(tx, created + outbox.KEPT) == 0
        assert await outbox.purge(tx, created + outbox.KEPT + timedelta(seconds=2)) == 2


async def test_a_nudge_comes_after_the_commit_and_only_then(database):
    nudges = []
    outbox.on_commit(database, lambda: nudges.append(1))
    async with database.transaction() as tx:
        await outbox.add(tx, Happened(1))
        await tx.flush()
        assert nudges == []
    assert nudges == [1]
    async with database.reading() as tx:
        await outbox.ids_after(tx, 0)
    assert nudges == [1]


async def test_many_events_are_written_in_order_with_one_nudge(database):
    nudges = []
    outbox.on_commit(database, lambda: nudges.append(1))
    async with database.transaction() as tx:
        await outbox.add_all(tx, [Happened(number) for number in range(3)])
        await outbox.add_all(tx, [])
    assert nudges == [1]
    async with database.reading() as tx:
        told = await outbox.newer(tx, 0, 10)
    assert [row.payload for row in told] == [f'{{"number":{number}}}'.encode() for number in range(3)]
