"""How many citizens the portal logs in: whole logins by SMS over real HTTPS, one process, SQLite.

Each citizen is a device of its own: an address of 127/8 with a lease, a new TLS connection, five
requests (page, number, code page, code, welcome) and a code read from the spool. The clients share
the machine with the portal. No peer runs here.

    python -m tests.benchmarks.portal [--citizens 300] [--at-once 12]
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import psutil

from controller import migrations
from controller.core.db import Database
from controller.core.pki import CertificateAuthority, client_context
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.models import Lease
from tests.benchmarks.result import Figure, print_figures
from tests.conftest import free_port
from tests.eventually import eventually
from tests.factories.portal import GATEWAY, seed


def address(number: int) -> str:
    return f"127.7.{number // 250}.{number % 250 + 1}"


def phone(number: int) -> str:
    return f"+7916{number:07}"


async def prepare(data: Path, citizens: int) -> None:
    """Make the schema, the plan, the gateway and a lease for everybody."""
    db = Database(f"sqlite+aiosqlite:///{data / 'kolco.db'}")
    now = datetime.now(UTC)
    await migrations.upgrade(db)
    await seed(db, Directory(SecretStore(data / "secrets")), now=now)
    async with db.transaction() as tx:
        tx.add_all(
            Lease(
                gateway_id=GATEWAY,
                ip=address(n),
                mac=f"02:00:00:00:{n // 256:02x}:{n % 256:02x}",
                seen_at=now,
            )
            for n in range(citizens)
        )
    await db.close()


class Spool:
    """Codes by number, each file read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: set[str] = set()
        self._codes: dict[str, str] = {}

    def code(self, number: str) -> str:
        if number not in self._codes:
            for entry in os.scandir(self._directory):
                if entry.name.endswith(".json") and entry.name not in self._seen:
                    self._seen.add(entry.name)
                    message = json.loads(Path(entry.path).read_text())
                    self._codes[message["to"]] = re.search(r"\d{6}", message["text"])[0]
        return self._codes[number]


async def log_in(url: str, tls, spool: Spool, number: int) -> float:
    """One citizen, from nothing to online; returns the seconds it took."""
    started = time.perf_counter()
    transport = httpx.AsyncHTTPTransport(verify=tls, local_address=address(number), trust_env=False)
    async with httpx.AsyncClient(base_url=url, transport=transport, follow_redirects=True) as http:

        async def send(page: str, **fields: str) -> httpx.Response:
            action = unescape(re.search(r'action="([^"]+)"', page)[1])
            token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
            return await http.post(action, data={"csrf": token} | fields, headers={"origin": url})

        page = await http.get("/")
        page = await send(page.text, phone=phone(number))
        page = await send(page.text, code=spool.code(phone(number)))
        if not page.url.path.startswith("/welcome"):
            raise RuntimeError(f"{page.status_code} at {page.url.path}: {page.text[-800:]}")
    return time.perf_counter() - started


async def run(data: Path, citizens: int, at_once: int) -> list[Figure]:
    https, http, admin = free_port(), free_port(), free_port()
    url = f"https://localhost:{https}"
    environment = os.environ | {
        "KOLCO_DATA_DIR": str(data),
        "KOLCO_LOG_LEVEL": "warning",
        "KOLCO_PORTAL_PORT": str(https),
        "KOLCO_PORTAL_HTTP_PORT": str(http),
        "KOLCO_PORTAL_ADMIN_PORT": str(admin),
        "KOLCO_PORTAL_PORTAL_URL": url,
        "KOLCO_PORTAL_SMS_PER_PREFIX_HOUR": "1000000",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "controller", "serve", "portal", env=environment
    )
    try:
        async with httpx.AsyncClient(trust_env=False) as probe:

            async def healthy() -> bool:
                return (await probe.get(f"http://127.0.0.1:{admin}/healthz")).is_success

            await eventually(healthy, within_s=30, despite=(httpx.TransportError,))
        tls = client_context(CertificateAuthority.open(data / "pki").certificate_pem)
        spool = Spool(data / "sms")
        waiting = iter(range(citizens))
        took: list[float] = []

        async def worker() -> None:
            for number in waiting:
                seconds = await log_in(url, tls, spool, number)
                took.append(seconds)

        cpu = psutil.Process(process.pid).cpu_times()
        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(at_once)))
        elapsed = time.perf_counter() - started
        used = psutil.Process(process.pid)
        cpu_s = sum(used.cpu_times()[:2]) - sum(cpu[:2])
        memory = used.memory_info().rss
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    return [
        Figure("portal.logins", "logins/s", citizens / elapsed, "more"),
        Figure("portal.cpu", "CPU ms/login", cpu_s / citizens * 1000, "less"),
        Figure("portal.logins_per_core", "logins/s of one core", citizens / cpu_s, "more"),
        Figure("portal.login_p95", "s", statistics.quantiles(took, n=20)[18], "less"),
        Figure("portal.memory", "MB", memory / 1e6, "less"),
    ]


def main() -> None:
    """Run it. The figures inform; no target is set for them yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--citizens", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kolco-bench-") as directory:
        data = Path(directory)
        asyncio.run(prepare(data, options.citizens))
        figures = asyncio.run(run(data, options.citizens, options.at_once))
    sys.exit(0 if print_figures("portal", figures) else 1)


if __name__ == "__main__":
    main()
