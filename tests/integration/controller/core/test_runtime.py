import asyncio

from controller.core import outbox
from tests.fakes.listener import Happened, Heard


async def test_a_runtime_delivers_events_and_has_private_files(runtime):
    heard = Heard()
    heard.expected = 1
    runtime.bus.subscribe(Happened, heard)
    async with runtime.db.transaction() as tx:
        await outbox.add(tx, Happened(5))
    async with asyncio.timeout(5):
        await heard.enough.wait()
    assert runtime.secrets.get("x")
    assert runtime.data_dir.stat().st_mode & 0o077 == 0
    assert runtime.registry.get_sample_value("process_start_time_seconds") > 0
