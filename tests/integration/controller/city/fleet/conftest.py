"""A seeded city, the real channel of the controller, and a fleet of simulated access points on it."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from controller.city.fleet.agent import Pace
from controller.city.fleet.certificates import issue_certificates
from controller.city.fleet.fleet import Fleet, FleetOptions
from controller.city.plan import plan_city
from controller.city.seeding.service import seed_city
from controller.city.seeding.types import CityBasics
from controller.jobs import ApChannelSettings, serve_ap_channel
from controller.models import ApConfig, ApEvent, ApStatus
from tests.eventually import eventually

APS = 50
QUICK = Pace(backoff_step_s=0.3, restart_delay_s=0.1, boot_s=0.3)


class Channel:
    """The controller's end; can be stopped and started again on the same port."""

    def __init__(self, runtime) -> None:
        self.runtime = runtime
        self.port = 0
        self._task = None

    async def start(self) -> None:
        listening = asyncio.get_running_loop().create_future()
        settings = ApChannelSettings(port=self.port)
        runtime = replace(self.runtime, registry=CollectorRegistry())
        self._task = asyncio.create_task(serve_ap_channel(runtime, settings, ready=listening.set_result))
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        self.port = listening.result()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def count_settled(self) -> int:
        query = sa.select(sa.func.count()).select_from(ApConfig)
        query = query.where(
            ApConfig.status == "acknowledged", ApConfig.acknowledged_uuid == ApConfig.desired_uuid
        )
        async with self.runtime.db.reading() as tx:
            return await tx.scalar(query)

    async def count_connected(self) -> int:
        query = sa.select(sa.func.count()).select_from(ApStatus).where(ApStatus.connected)
        async with self.runtime.db.reading() as tx:
            return await tx.scalar(query)

    async def read(self, model, serial: str):
        async with self.runtime.db.reading() as tx:
            return await tx.get(model, serial)

    async def events(self, serial: str) -> list[ApEvent]:
        query = sa.select(ApEvent).where(ApEvent.serial == serial).order_by(ApEvent.at, ApEvent.id)
        async with self.runtime.db.reading() as tx:
            return list(await tx.scalars(query))


@pytest.fixture
def city():
    return plan_city(5, APS)


@pytest.fixture
async def channel(runtime, city):
    async with runtime.db.transaction() as tx:
        await seed_city(
            tx,
            city,
            basics=CityBasics(),
            secrets=runtime.secrets,
            data_dir=runtime.data_dir,
            plan_id="city",
            now=runtime.clock.now(),
        )
    serving = Channel(runtime)
    await serving.start()
    yield serving
    await serving.stop()


@pytest.fixture
async def fleet(runtime, city, channel):
    """Certificates issued, everything still dark."""
    issue_certificates(runtime.data_dir, [ap.serial for ap in city.aps], now=runtime.clock.now())
    url = f"wss://127.0.0.1:{channel.port}/"
    made = Fleet(city, FleetOptions(url, runtime.data_dir, QUICK, hour=13.0), runtime.clock)
    yield made
    made.set_power(on=False)
    await eventually(lambda: made.totals.connected == 0)
