import asyncio

import pytest

from radius.group import Group


class Shop:
    """Works on groups and remembers them."""

    def __init__(self):
        self.groups = []
        self.open = asyncio.Event()
        self.open.set()

    async def work(self, items):
        await self.open.wait()
        if "bad" in items:
            raise ValueError("bad")
        self.groups.append(list(items))
        return [item.upper() for item in items]


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
async def group(shop):
    group = Group(shop.work, max_items=4)
    task = asyncio.create_task(group.run())
    yield group
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_comes_together_is_done_together(group, shop):
    assert await asyncio.gather(*(group.submit(name) for name in "abc")) == ["A", "B", "C"]
    assert shop.groups == [["a", "b", "c"]]


async def test_nobody_hears_before_the_work_is_done(group, shop):
    shop.open.clear()
    asking = asyncio.create_task(group.submit("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not asking.done()
    shop.open.set()
    assert await asking == "A"


async def test_the_next_group_gathers_meanwhile(group, shop):
    shop.open.clear()
    first = asyncio.create_task(group.submit("a"))
    for _ in range(3):
        await asyncio.sleep(0)
    others = [asyncio.create_task(group.submit(name)) for name in "bc"]
    for _ in range(3):
        await asyncio.sleep(0)
    shop.open.set()
    await asyncio.gather(first, *others)
    assert shop.groups == [["a"], ["b", "c"]]


async def test_groups_are_bounded(group, shop):
    await asyncio.gather(*(group.submit(str(number)) for number in range(10)))
    assert [len(items) for items in shop.groups] == [4, 4, 2]


async def test_a_bad_item_takes_no_other_along(group, shop):
    answers = await asyncio.gather(
        *(group.submit(name) for name in ("a", "bad", "c")), return_exceptions=True
    )
    assert (answers[0], answers[2]) == ("A", "C")
    assert isinstance(answers[1], ValueError)
    assert shop.groups == [["a"], ["c"]]


async def test_an_asker_that_went_away_disturbs_nobody(group):
    gone = asyncio.create_task(group.submit("a"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await group.submit("b") == "B"


async def test_what_was_not_reached_goes_first_into_the_next_group():
    groups = []

    async def work(items):
        groups.append(list(items))
        return [items[0].upper(), *[None] * (len(items) - 1)]

    group = Group(work, max_items=3)
    task = asyncio.create_task(group.run())
    assert await asyncio.gather(*(group.submit(name) for name in "abcd")) == ["A", "B", "C", "D"]
    assert groups == [["a", "b", "c"], ["b", "c", "d"], ["c", "d"], ["d"]]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
