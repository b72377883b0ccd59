"""The controller daemon in one piece: an operator's change in the API and the channel beside it."""

import asyncio

import httpx

from controller.daemon import serve
from controller.settings import ControllerSettings
from tests.conftest import free_port


async def test_the_api_the_channel_and_the_admin_port_answer_once_ready(runtime):
    settings = ControllerSettings(api_port=free_port(), ap_port=free_port(), admin_port=free_port())
    ready = asyncio.Event()
    task = asyncio.create_task(serve(runtime, settings, ready=ready.set))
    try:
        async with asyncio.timeout(15):
            await ready.wait()
        token = (runtime.data_dir / "operator.token").read_text().strip()
        async with httpx.AsyncClient(trust_env=False) as web:
            api = f"http://127.0.0.1:{settings.api_port}/api/v1"
            zones = await web.get(f"{api}/zones", headers={"Authorization": f"Bearer {token}"})
            assert len(zones.json()["items"] if isinstance(zones.json(), dict) else zones.json()) == 2
            assert (await web.get(f"{api}/zones")).status_code == 401
            assert (await web.get(f"http://127.0.0.1:{settings.admin_port}/healthz")).status_code == 200
        _reader, writer = await asyncio.open_connection("127.0.0.1", settings.ap_port)
        writer.close()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
