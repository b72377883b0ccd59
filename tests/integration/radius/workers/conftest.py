"""The daemon with worker processes, in this process or in one of its own, and NASes that ask them."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from controller import migrations
from controller.core.db import Database
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import encode_text
from tests.conftest import ENDS_WITH_US, free_port
from tests.eventually import eventually
from tests.integration.radius.asking import MAC, SECRET

ROOT = Path(__file__).parents[4]
_SAMPLE = re.compile(r"^(\S+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)


def mab_request(identifier, secret=SECRET, mac=MAC):
    """The octets of a MAB request."""
    bare = mac.replace(":", "")
    attributes = [
        encode_text(1, bare),
        encode_text(31, mac.replace(":", "-").upper()),
        (6, b"\0\0\0\x0a"),
    ]
    return sign_request(
        Code.ACCESS_REQUEST, identifier, attributes, secret.encode(), random_authenticator=os.urandom(16)
    )


@dataclass
class Crew:
    """`kolco serve radius` with workers, as a process."""

    environment: dict[str, str]
    data_dir: Path
    auth_port: int = 0
    acct_port: int = 0
    admin_port: int = 0
    process: asyncio.subprocess.Process | None = None
    device: tuple[str, str] = ("", "")
    log: Path | None = None
    children: list[psutil.Process] = field(default_factory=list)

    async def start(self):
        """Start it on free ports; on others, if somebody else was quicker to take one."""
        for _ in range(3):
            self.auth_port, self.acct_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
            self.admin_port = free_port()
            self.environment |= {
                "KOLCO_RADIUS_AUTH_PORT": str(self.auth_port),
                "KOLCO_RADIUS_ACCT_PORT": str(self.acct_port),
                "KOLCO_RADIUS_ADMIN_PORT": str(self.admin_port),
            }
            if await self._started():
                break
            assert "cannot listen" in self.log.read_text(), self.log.read_text()
        assert self.process.returncode is None
        self.children = self.workers()

    async def _started(self):
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *ENDS_WITH_US, sys.executable, "-m", "controller", "serve", "radius",
                cwd=ROOT, env=self.environment, stdout=output, stderr=output,
            )  # fmt: skip
        async with httpx.AsyncClient(trust_env=False) as web:

            async def healthy_or_ended():
                if self.process.returncode is not None:
                    return True
                return (await web.get(f"http://127.0.0.1:{self.admin_port}/healthz")).status_code == 200

            await eventually(healthy_or_ended, within_s=60, despite=(httpx.HTTPError,))
        return self.process.returncode is None

    def workers(self):
        """The worker processes, by their number."""
        return psutil.Process(self.process.pid).children()

    async def metrics(self):
        async with httpx.AsyncClient(trust_env=False, timeout=10) as web:
            text = (await web.get(f"http://127.0.0.1:{self.admin_port}/metrics")).text
        return {name: float(value) for name, value in _SAMPLE.findall(text)}

    async def metric(self, name):
        return (await self.metrics()).get(name, 0.0)

    async def kolco(self, *arguments):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "controller", *arguments,
            cwd=ROOT, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()

    def answered(self, identifier=1, secret=SECRET, wait_s=1.0):
        """Ask from a port of its own; whether an answer came."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nas:
            nas.settimeout(wait_s)
            nas.sendto(mab_request(identifier, secret), ("127.0.0.1", self.auth_port))
            try:
                return nas.recv(4096)[1] == identifier
            except TimeoutError:
                return False

    async def stop(self, number=signal.SIGTERM):
        if self.process.returncode is None:
            self.process.send_signal(number)
            await asyncio.wait_for(self.process.wait(), 20)


@pytest.fixture
async def crew(request, tmp_path):
    """Two workers, on SQLite if not said; 127.0.0.1 is the NAS `lo`, and one device is remembered."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgres_url")
    data_dir = tmp_path / "data"
    db, store, now = Database(url), SecretStore(data_dir / "secrets"), datetime.now(UTC)
    await migrations.upgrade(db)
    directory = Directory(store)
    async with db.transaction() as tx:
        await nas_service.add(tx, store, NewNas("lo", "Loopback", "127.0.0.1", SECRET))
        await directory.save_plan(tx, PlanView("city", "C", 86_400, 3_600, 86_400, 300, None, None, None, 5))
        login = await directory.login_phone(tx, phone="+79161234567", mac=MAC, now=now)
        await directory.remember(tx, device_id=login.device_id, until=now + timedelta(days=1))
        issued = await directory.issue_credential(tx, device_id=login.device_id, now=now, valid_s=86_400)
    await db.close()
    environment = os.environ | {
        "KOLCO_DATA_DIR": str(data_dir),
        "KOLCO_DATABASE_URL": url,
        "KOLCO_RADIUS_WORKERS": "2",
        "KOLCO_RADIUS_REJECT_DELAY_S": "0",
    }
    crew = Crew(environment, data_dir, device=(issued.username, issued.password), log=tmp_path / "log")
    try:
        await crew.start()
        yield crew
    finally:
        await crew.stop()
        for child in crew.children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
