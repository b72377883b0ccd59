"""`kill -9` in the middle of accounting: what was acknowledged is there, and counted once."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller import migrations
from controller.core.db import Database
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import AccountingRecord, NetSession
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from radius.protocol.attributes import AcctStatusType, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import encode_integer, encode_text
from tests.conftest import free_port
from tests.integration.radius.asking import SECRET, rows

ROOT = Path(__file__).parents[3]
DEVICES = 20


def mac(number):
    return f"02:00:00:00:01:{number:02x}"


def accounting(kind, number, up, identifier):
    attributes = [
        encode_integer(40, kind),
        encode_text(44, f"s{number}"),
        encode_text(31, mac(number)),
        encode_integer(42, up),
        encode_integer(46, up),
    ]
    return sign_request(
        Code.ACCOUNTING_REQUEST, identifier, attributes, SECRET.encode(), random_authenticator=bytes(16)
    )


class Nas:
    """Sends accounting of one device after another and knows what was acknowledged."""

    def __init__(self, port):
        self.port = port
        self.acknowledged = dict.fromkeys(range(DEVICES), 0)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.settimeout(0.3)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.sock.close()

    def tell(self, kind, number, up):
        """Send until it is acknowledged; False if nobody answers any more."""
        self.count += 1
        data = accounting(kind, number, up, self.count % 256)
        for _ in range(3):
            self.sock.sendto(data, ("127.0.0.1", self.port))
            try:
                while self.sock.recv(4096)[1] != self.count % 256:
                    pass
            except (TimeoutError, ConnectionError):
                continue
            self.acknowledged[number] = max(self.acknowledged[number], up)
            return True
        return False


class Server:
    """`kolco serve radius` as a process."""

    def __init__(self, environment, port):
        self.environment, self.port = environment, port

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "controller", "serve", "radius", cwd=ROOT, env=self.environment
        )
        with Nas(self.port) as probe:
            async with asyncio.timeout(30):
                while not await asyncio.to_thread(probe.tell, AcctStatusType.ACCOUNTING_ON, 0, 0):
                    assert self.process.returncode is None

    async def kill(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()


@pytest.fixture
async def database(database_url):
    """A database as the real daemon wants it: migrated."""
    db = Database(database_url)
    await migrations.upgrade(db)
    yield db
    await db.close()


@pytest.fixture
async def server(database, tmp_path):
    data_dir = tmp_path / "data"
    store = SecretStore(data_dir / "secrets")
    directory = Directory(store)
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        await nas_service.add(tx, store, NewNas("lo", "Loopback", "127.0.0.1", SECRET))
        await directory.save_plan(tx, PlanView("city", "C", 86_400, 3_600, 86_400, 300, None, None, None, 5))
        for number in range(DEVICES):
            await directory.login_phone(tx, phone=f"+7916123{number:04}", mac=mac(number), now=now)
    environment = os.environ | {
        "KOLCO_DATA_DIR": str(data_dir),
        "KOLCO_DATABASE_URL": database.url,
        "KOLCO_RADIUS_AUTH_PORT": str(free_port(socket.SOCK_DGRAM)),
        "KOLCO_RADIUS_ACCT_PORT": str(acct_port := free_port(socket.SOCK_DGRAM)),
        "KOLCO_RADIUS_ADMIN_PORT": str(free_port()),
    }
    server = Server(environment, acct_port)
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
def nas(server):
    with Nas(server.port) as opened:
        yield opened


async def test_what_was_acknowledged_is_there_once(server, nas, database):
    def start_all():
        return [nas.tell(AcctStatusType.START, number, 0) for number in range(DEVICES)]

    assert all(await asyncio.to_thread(start_all))

    def keep_telling(rounds):
        for round_ in rounds:
            for number in range(DEVICES):
                if not nas.tell(AcctStatusType.INTERIM_UPDATE, number, round_ * 100 + secrets.randbelow(50)):
                    return round_
        return None

    telling = asyncio.create_task(asyncio.to_thread(keep_telling, range(1, 100)))
    await asyncio.sleep(1.0)
    await server.kill()
    stopped = await telling
    assert stopped is not None
    await server.start()  # its Accounting-On ends what was open, as a restarted NAS would
    stored = {session.mac: session for session in await rows_of(database, NetSession)}
    for number in range(DEVICES):
        assert stored[mac(number)].up_bytes >= nas.acknowledged[number]
        assert stored[mac(number)].up_bytes < stopped * 100 + 150
    records = await rows_of(database, AccountingRecord)
    assert len({record.event_key for record in records}) == len(records)


async def rows_of(database, model):
    class Runtime:
        db = database

    return await rows(Runtime, model)
