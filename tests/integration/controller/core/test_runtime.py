import asyncio

import pytest

from controller.core import outbox
from controller.core import runtime as r
from controller.core.local_bus import LocalBus
from controller.core.settings import CoreSettings
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


async def test_a_patient_one_connects_when_the_bus_is_back_and_announces_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr(r, "_AGAIN_S", 0)
    away, connected, gap = [True], [], asyncio.Event()

    async def connect(_bus):
        if away:
            raise ConnectionRefusedError("refused")
        connected.append(True)

    async def run(_bus):
        await asyncio.Event().wait()

    async def missed():
        gap.set()

    monkeypatch.setattr(LocalBus, "connect", connect)
    monkeypatch.setattr(LocalBus, "run", run)
    settings = CoreSettings(data_dir=tmp_path, database_url="postgresql+asyncpg://kolco@127.0.0.1:1/none")
    with pytest.raises(ConnectionRefusedError):
        async with r.open_runtime(settings):
            pass
    async with r.open_runtime(settings, patient=True) as runtime:
        runtime.bus.on_gap(missed)
        assert not connected
        away.clear()
        async with asyncio.timeout(10):
            await gap.wait()
        assert connected == [True]
