"""A portal on SQLite and PostgreSQL: its service, or the whole daemon over real HTTPS."""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from captive_portal.portal.daemon import serve
from captive_portal.portal.settings import PortalSettings
from controller.core.pki import CertificateAuthority, client_context
from controller.core.runtime import open_runtime
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.directory.service import Directory
from tests.conftest import free_port
from tests.factories.portal import Bench, lease, make_bench, seed
from tests.fakes.clock import FakeClock


@pytest.fixture
async def bench(database, clock, tmp_path) -> Bench:
    made = make_bench(database, clock, SecretStore(tmp_path / "secrets"))
    await seed(database, made.directory, now=clock.now())
    return made


@dataclass
class Portal:
    """A portal daemon under way, and a browser-like client that trusts its authority."""

    url: str
    http_url: str
    admin_url: str
    runtime: object
    clock: FakeClock
    spool: Path
    ca_pem: bytes

    def browser(self, **options) -> httpx.AsyncClient:
        headers = {"accept": "text/html", "accept-language": "ru"} | options.pop("headers", {})
        return httpx.AsyncClient(
            base_url=options.pop("base_url", self.url),
            verify=client_context(self.ca_pem),
            headers=headers,
            trust_env=False,
            **options,
        )

    def last_code(self) -> str:
        newest = max(self.spool.glob("*.json"))
        return re.search(r"\d{6}", json.loads(newest.read_text())["text"])[0]

    async def save_plan(self, plan) -> None:
        async with self.runtime.db.transaction() as tx:
            await Directory(self.runtime.secrets).save_plan(tx, plan)

    async def voucher(self) -> str:
        async with self.runtime.db.transaction() as tx:
            [code] = await Directory(self.runtime.secrets).create_vouchers(
                tx, plan_id="city", count=1, valid_s=7200, batch="t", now=self.clock.now()
            )
        return code


@pytest.fixture
def portal_settings() -> dict:
    """Settings a test may override."""
    return {}


@pytest.fixture
async def portal(database, tmp_path, portal_settings):
    """The daemon on loopback with a lease for 127.0.0.1; its clock stands still at the present."""
    clock = FakeClock(datetime.now(UTC))
    core = CoreSettings(data_dir=tmp_path / "data", database_url=database.url)
    https, http, admin = free_port(), free_port(), free_port()
    options = {"portal_url": f"https://localhost:{https}", "support_phone": "+7 495 000-00-00"}
    settings = PortalSettings(port=https, http_port=http, admin_port=admin, **(options | portal_settings))
    async with open_runtime(core, clock=clock) as runtime:
        await seed(database, Directory(runtime.secrets), now=clock.now())
        await lease(database, ip="127.0.0.1", now=clock.now())
        ready = asyncio.Event()
        task = asyncio.create_task(serve(runtime, settings, ready=ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield Portal(
            f"https://localhost:{https}",
            f"http://127.0.0.1:{http}",
            f"http://127.0.0.1:{admin}",
            runtime,
            clock,
            core.data_dir / "sms",
            CertificateAuthority.open(core.data_dir / "pki").certificate_pem,
        )
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
