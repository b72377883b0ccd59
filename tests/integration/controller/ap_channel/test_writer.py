import asyncio

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from controller.ap_channel import repository
from controller.ap_channel.board import ApEventRow, Board
from controller.ap_channel.metrics import ChannelMetrics
from controller.ap_channel.writer import StatusWriter
from controller.models import AccessPoint, ApEvent, ApStatus
from tests.eventually import eventually
from tests.integration.controller.ap_channel.conftest import MORE, READY


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def prometheus() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def writer(database, inventory, board, prometheus) -> StatusWriter:
    return StatusWriter(database, board, ChannelMetrics(prometheus))


def connected(now, **columns) -> dict:
    first = {"connected": True, "connected_at": now, "last_seen_at": now, "firmware": "f", "config_uuid": 5}
    return first | {"last_reboot_reason": "socket"} | columns


async def status_of(database, serial=READY) -> ApStatus | None:
    async with database.reading() as tx:
        return await tx.get(ApStatus, serial)


async def test_a_row_begins_with_connect_and_is_updated_after(database, writer, board, clock):
    now = clock.now()
    board.put(READY, connected(now))
    await writer.flush()
    row = await status_of(database)
    assert (row.connected, row.connected_at, row.clients, row.summary) == (True, now, 0, {})
    board.put(READY, {"clients": 7, "summary": {"bss": [{"ssid": "Москва"}]}, "state_at": now})
    await writer.flush()
    row = await status_of(database)
    assert (row.clients, row.summary, row.firmware) == (7, {"bss": [{"ssid": "Москва"}]}, "f")
    board.put(READY, {"connected": False, "disconnected_at": now})
    await writer.flush()
    assert (await status_of(database)).connected is False


async def test_connect_and_state_in_one_flush(database, writer, board, clock):
    now = clock.now()
    board.put(READY, connected(now, clients=3, summary={"load": 1.5}, state_at=now))
    await writer.flush()
    assert (await status_of(database)).summary == {"load": 1.5}


async def test_connected_and_gone_within_one_flush(database, writer, board, clock):
    now = clock.now()
    board.put(READY, connected(now))
    board.put(READY, {"connected": False, "disconnected_at": now})
    await writer.flush()
    row = await status_of(database)
    assert (row.connected, row.disconnected_at) == (False, now)


async def test_many_rows_and_events(database, writer, board, clock, prometheus):
    now = clock.now()
    for serial in MORE:
        board.put(serial, connected(now))
        for number in range(30):
            board.add_event(ApEventRow(serial, now, "log", 4, {"log": f"строка {number}"}))
    await writer.flush()
    async with database.reading() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(ApStatus)) == len(MORE)
        assert await tx.scalar(sa.select(sa.func.count()).select_from(ApEvent)) == 30 * len(MORE)
    assert prometheus.get_sample_value("kolco_ap_channel_status_rows_total") == len(MORE)


async def test_what_left_the_inventory_is_left_out(database, writer, board, clock):
    async with database.transaction() as tx:
        await tx.execute(sa.delete(AccessPoint).where(AccessPoint.serial == MORE[0]))
    board.put(MORE[0], connected(clock.now()))
    board.put(READY, connected(clock.now()))
    board.add_event(ApEventRow(MORE[0], clock.now(), "connect", 6, {}))
    await writer.flush()
    assert await status_of(database, MORE[0]) is None
    assert await status_of(database) is not None


async def test_a_row_the_database_refuses_does_not_hold_up_the_rest(
    database, writer, board, clock, prometheus
):
    for serial in MORE:
        board.put(serial, connected(clock.now()))
    board.put(MORE[7], {"clients": None})  # NOT NULL
    board.add_event(ApEventRow(READY, clock.now(), "log", 4, {"log": object()}))  # not JSON
    board.add_event(ApEventRow(READY, clock.now(), "log", 4, {"log": "fine"}))
    await writer.flush()
    async with database.reading() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(ApStatus)) == len(MORE) - 1
        assert await tx.scalar(sa.select(sa.func.count()).select_from(ApEvent)) == 1
    assert prometheus.get_sample_value("kolco_ap_channel_rows_refused_total") == 2


async def test_what_could_not_be_stored_waits(writer, board, clock, monkeypatch, database):
    board.put(READY, connected(clock.now()))

    async def away(*_args):
        raise repository.sa.exc.OperationalError("", {}, OSError("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(repository, "save_status", away)
        with pytest.raises(repository.RefusedError):
            await writer.flush()
    assert len(board) == 1
    await writer.flush()
    assert await status_of(database) is not None


async def test_it_flushes_by_itself_and_at_its_end(database, writer, board, clock):
    task = asyncio.create_task(writer.run())
    board.put(READY, connected(clock.now()))
    await eventually(lambda: status_of(database))
    board.put(READY, {"firmware": "last"})
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await status_of(database)).firmware == "last"


async def test_at_start_nobody_is_connected(database, writer, board, clock):
    board.put(READY, connected(clock.now()))
    await writer.flush()
    async with database.transaction() as tx:
        await repository.mark_all_disconnected(tx, clock.now())
    row = await status_of(database)
    assert (row.connected, row.disconnected_at) == (False, clock.now())
