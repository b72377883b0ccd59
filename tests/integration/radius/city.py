"""The daemon with RadSec and a proxy, as a city runs it, and what partners' servers need of it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from controller.core.pki import CertificateAuthority
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from controller.roaming import service as roaming
from controller.roaming.types import NewHome
from radius.daemon import serve
from radius.settings import RadiusSettings
from tests.eventually import eventually
from tests.integration.radius.asking import SECRET
from tests.integration.radius.conftest import Radius

NAME = "radius.city.example"
"""Of the city's RadSec server."""


@dataclass
class City(Radius):
    """A running daemon with RadSec."""

    radsec_port: int = 0

    @property
    def authority(self):
        return CertificateAuthority.open(self.runtime.data_dir / "pki")

    async def add_nas(self, nas_id, **values):
        async with self.runtime.db.transaction() as tx:
            await nas_service.add(tx, self.runtime.secrets, NewNas(nas_id, nas_id, **values))

    async def add_home(self, home_id, **values):
        values = {"protocol": "udp", "host": "127.0.0.1", **values}
        async with self.runtime.db.transaction() as tx:
            await roaming.add_home(tx, self.runtime.secrets, NewHome(home_id, **values))

    async def set_realm(self, pattern, *homes, balance=False):
        """Say who answers for a realm, and wait until the daemon knows."""
        async with self.runtime.db.transaction() as tx:
            await roaming.set_realm(tx, pattern, homes, balance=balance)
        before = self.metric("kolco_radius_routes_read_total")

        async def read():  # one reading may have been under way
            return self.metric("kolco_radius_routes_read_total") >= before + 2

        await eventually(read)
        for home in homes:
            await eventually(lambda home=home: self.is_up(home))

    async def is_up(self, home, kind="access"):
        return self.metric(f'kolco_radius_home_up{{home="{home}",kind="{kind}"}}') == 1

    async def is_down(self, home):
        return not await self.is_up(home)

    async def scrape(self):
        """The text of `/metrics`, of the daemon and its workers."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://127.0.0.1:{self.admin_port}/metrics")).text

    async def knows_radsec_nas(self):
        """Tell whether all processes know the one NAS that comes by RadSec."""
        return 'kolco_radius_radsec_peers{kind="nas"} 1.0' in await self.scrape()

    def proxied(self, home, outcome):
        return self.metric(f'kolco_radius_proxied_total{{home="{home}",outcome="{outcome}"}}')

    def forwarded(self, outcome):
        return self.metric(f'kolco_radius_proxied_accounting_total{{outcome="{outcome}"}}')

    def radsec_ended(self, reason):
        return self.metric(f'kolco_radius_radsec_ended_total{{reason="{reason}"}}')

    def refused(self, reason):
        return self.metric(f'kolco_radius_refusals_total{{reason="{reason}"}}')


@asynccontextmanager
async def running_city(runtime, **changes):
    """The daemon on free ports; 127.0.0.1 is the NAS `lo`."""
    values = {
        "workers": 0, "auth_port": 0, "acct_port": 0, "admin_port": 0, "radsec_port": 0, "nas_reload_s": 0.2,
        "reject_delay_s": 0, "radsec_server_name": NAME, "radsec_reload_s": 0.1, "proxy_response_s": 1.0,
        "proxy_deadline_s": 4.0, **changes,
    }  # fmt: skip
    async with runtime.db.transaction() as tx:
        await nas_service.add(tx, runtime.secrets, NewNas("lo", "Loopback", "127.0.0.1", SECRET))
    city = City(runtime)
    ready = asyncio.Event()

    def listening(ports):
        city.auth_port, city.acct_port = ports["access"], ports["accounting"]
        city.admin_port, city.radsec_port = ports["admin"], ports.get("radsec", 0)

    settings = RadiusSettings(**values)
    task = asyncio.create_task(serve(runtime, settings, ready=ready.set, listening=listening))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
    try:
        yield city
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
