import asyncio
from contextlib import asynccontextmanager

import pytest

from radius.batch import Batch


class FakeDatabase:
    """Commits what was applied, or nothing of it."""

    def __init__(self):
        self.committed = []

    @asynccontextmanager
    async def transaction(self):
        pending = []
        yield pending
        self.committed.append(pending)


async def apply(tx, record):
    if record == "bad":
        raise ValueError("bad")
    tx.append(record)
    return record.upper()


@pytest.fixture
async def batch():
    db = FakeDatabase()
    sizes = []
    batch = Batch(db, apply, max_records=4, wait_s=0, committed=sizes.append)
    batch.db, batch.sizes = db, sizes
    task = asyncio.create_task(batch.run())
    yield batch
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_records_are_committed_together_before_they_are_acknowledged(batch):
    answers = await asyncio.gather(*(batch.submit(name) for name in "abc"))
    assert answers == ["A", "B", "C"]
    assert batch.db.committed == [["a", "b", "c"]]
    assert batch.sizes == [3]


async def test_groups_are_bounded(batch):
    await asyncio.gather(*(batch.submit(str(number)) for number in range(10)))
    assert batch.sizes == [4, 4, 2]


async def test_a_bad_record_takes_no_other_along(batch):
    answers = await asyncio.gather(
        *(batch.submit(name) for name in ("a", "bad", "c")), return_exceptions=True
    )
    assert answers[0] == "A"
    assert isinstance(answers[1], ValueError)
    assert answers[2] == "C"
    assert batch.db.committed == [["a"], ["c"]]


async def test_a_submitter_that_went_away_disturbs_nobody(batch):
    gone = asyncio.create_task(batch.submit("a"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await batch.submit("b") == "B"
