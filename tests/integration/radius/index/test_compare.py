import pytest
import sqlalchemy as sa

from controller.models import Device
from radius.index import compare as c
from radius.index.entries import CREDENTIALS, DEVICES
from radius.index.keys import Keys
from radius.index.writer import IndexWriter
from tests.factories.people import MAC, make_citizen

KEYS = Keys(bytes(32))


@pytest.fixture
def writer(tmp_path):
    writer = IndexWriter(tmp_path / "index", KEYS.check, map_bytes=2**24)
    writer.open()
    yield writer
    writer.close()


@pytest.fixture
def compare(runtime, writer):
    async def run(touched=frozenset(), page=c.PAGE):
        async def write(changes):
            assert changes == sorted(changes)
            return writer.apply(changes, but=touched)

        now = runtime.clock.now()
        return await c.compare(runtime.db, writer.environment, KEYS, now, write, page=page)

    return run


@pytest.mark.parametrize("page", [3, 7, 1_000])
async def test_pages_make_a_whole(runtime, directory, writer, compare, page):
    now = runtime.clock.now()
    for number in range(7):
        mac = f"02:00:00:00:01:{number:02x}"
        login = await make_citizen(runtime.db, directory, now=now, mac=mac, phone=f"+7916000000{number}")
        async with runtime.db.transaction() as tx:
            await directory.issue_credential(tx, device_id=login.device_id, now=now, valid_s=100)
    assert await compare(page=page) == c.Compared(14, 14, 0)
    assert (writer.count(CREDENTIALS), writer.count(DEVICES)) == (7, 7)
    assert await compare(page=page) == c.Compared(14, 0, 0)
    async with runtime.db.transaction() as tx:
        await tx.execute(
            sa.update(Device).where(Device.mac < "02:00:00:00:01:02").values(remembered_until=None)
        )
    assert await compare(page=page) == c.Compared(12, 0, 2)


async def test_what_events_have_touched_is_left_alone(runtime, login, writer, compare):
    key = (DEVICES, KEYS.station(MAC))
    writer.apply([(*key, b"newer")])
    assert await compare({key}) == c.Compared(1, 0, 0)
    assert await compare() == c.Compared(1, 1, 0)
