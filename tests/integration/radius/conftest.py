"""A RADIUS daemon on loopback, and `radclient` to ask it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import generate_latest

from controller.core import outbox
from controller.core.bus import event
from controller.core.ids import new_id
from controller.core.runtime import Runtime
from controller.directory.service import Directory
from controller.models import Plan
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from radius.daemon import serve
from radius.settings import RadiusSettings
from tests.eventually import eventually
from tests.integration.radius import asking
from tests.integration.radius.asking import MAC, SECRET, radclient


@event("tests.marker")
@dataclass(frozen=True)
class Marker:
    """Heard after all that was committed before it."""

    id: str


@dataclass
class Radius:
    """A running daemon."""

    runtime: Runtime
    auth_port: int = 0
    acct_port: int = 0
    dynamic_port: int = 0
    admin_port: int = 0

    async def ask(self, kind: str, attributes: str, *, secret: str = SECRET, silent: bool = False) -> str:
        """Run radclient (`auth`, `acct`, `status`, …); its output, whatever its exit code.

        Accounting is in the database when it returns, and what was committed before is in the account
        index when it asks.
        """
        if kind == "auth":
            await self.in_step()
        port = {"acct": self.acct_port, "coa": self.dynamic_port, "disconnect": self.dynamic_port}.get(
            kind, self.auth_port
        )
        output = await radclient(port, kind, attributes, secret=secret, silent=silent)
        if kind == "acct":
            await eventually(self.applied)
        return output

    async def in_step(self) -> None:
        """Wait until the account index holds all that is committed."""
        heard = asyncio.Event()

        async def hear(marker: Marker) -> None:
            if marker.id == mine:
                heard.set()

        mine = new_id()
        self.runtime.bus.subscribe(Marker, hear)
        async with self.runtime.db.transaction() as tx:
            await outbox.add(tx, Marker(mine))
        await heard.wait()
        await eventually(self.indexed)

    async def indexed(self) -> bool:
        """Tell whether all changes that were heard of are in the account index."""
        return self.metric("kolco_radius_index_waiting") == 0

    async def applied(self) -> bool:
        """Tell whether all that was acknowledged is in the database."""
        return self.metric("kolco_radius_journal_backlog_bytes") == 0

    def metric(self, line: str) -> float:
        """The value of a metric, `name{labels}` as Prometheus writes it; 0 if it is not there."""
        for shown in generate_latest(self.runtime.registry).decode().splitlines():
            name, _, value = shown.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0


@pytest.fixture
async def radius(runtime):
    """The daemon on free ports; 127.0.0.1 is the NAS `lo`."""
    async with runtime.db.transaction() as tx:
        await nas_service.add(tx, runtime.secrets, NewNas("lo", "Loopback", "127.0.0.1", SECRET))
    settings = RadiusSettings(
        workers=0,
        auth_port=0,
        acct_port=0,
        admin_port=0,
        nas_reload_s=0.2,
        reject_delay_s=0,
        disconnect_port=asking.DISCONNECT_PORT,
        disconnect_timeout_s=0.2,
        disconnect_tries=2,
        dynamic_from=("lo",),
        dynamic_port=0,
    )
    running = Radius(runtime)
    ready = asyncio.Event()

    def listening(ports: Mapping[str, int]) -> None:
        running.auth_port, running.acct_port = ports["access"], ports["accounting"]
        running.dynamic_port, running.admin_port = ports["dynamic"], ports["admin"]

    task = asyncio.create_task(serve(runtime, settings, ready=ready.set, listening=listening))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
    yield running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def device(runtime):
    """A device that logged in on the portal and is remembered; gives its login and a credential."""
    now = datetime.now(UTC)
    directory = Directory(runtime.secrets)
    async with runtime.db.transaction() as tx:
        tx.add(
            Plan(
                id="city", name="City", session_timeout_s=7200, idle_timeout_s=600, interim_s=300,
                rate_down_kbps=10_000, rate_up_kbps=5_000,
            )
        )  # fmt: skip
        await tx.flush()
        login = await directory.login_phone(tx, phone="+79161234567", mac=MAC, now=now)
        await directory.remember(tx, device_id=login.device_id, until=now + timedelta(days=1))
        issued = await directory.issue_credential(tx, device_id=login.device_id, now=now, valid_s=86_400)
    return login, issued.username, issued.password
