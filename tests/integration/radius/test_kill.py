"""`kill -9` in the middle of 100,000 accounting packets: what was acknowledged is there, and counted once.

The whole daemon is killed, all its processes at once, in the middle of the packets and again when the
last one is acknowledged. Devices send one packet after another, each until it is acknowledged.
"""

import asyncio
import os
import selectors
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from controller import migrations
from controller.core.db import Database
from controller.core.ids import new_id
from controller.core.outbox import OutboxRow
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import Account, AccountingRecord, Device, NetSession, RadiusLeg
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from radius.protocol.attributes import AcctStatusType, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import encode_integer, encode_text
from radius.session_class import ClassCodec, SessionClass
from radius.workers.assembly import CLASS_KEY
from tests.conftest import free_port
from tests.eventually import eventually
from tests.integration.radius.asking import SECRET
from tests.peers.process import ENDS_WITH_US

ROOT = Path(__file__).parents[3]
PACKETS = 100_000
STEPS = 100
"""Packets of a device: a Start, Interim-Updates and a Stop."""
SOCKETS = 8
AGAIN_S = 1.0


def octets_at(step):
    """What a device has sent by a step of its session."""
    return step * 100


class Phone:
    """A device's session, as its NAS tells of it."""

    def __init__(self, number, device_id):
        self.number = number
        self.session = SessionClass(new_id(), device_id, "radius-ttls")
        self.mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        self.acknowledged = 0
        self.fixed: list = []

    @property
    def done(self):
        return self.acknowledged == STEPS

    def packet(self, identifier):
        """The next packet."""
        step = self.acknowledged
        kind = AcctStatusType.INTERIM_UPDATE
        if step == 0:
            kind = AcctStatusType.START
        elif step == STEPS - 1:
            kind = AcctStatusType.STOP
        octets = octets_at(step)
        attributes = [
            *self.fixed,
            encode_integer(40, kind),
            encode_integer(42, octets),
            encode_integer(46, step),
        ]
        return sign_request(
            Code.ACCOUNTING_REQUEST, identifier, attributes, SECRET.encode(), random_authenticator=bytes(16)
        )


class Nas:
    """Sends accounting for many devices at a time, from several sockets with all their identifiers."""

    def __init__(self, port, phones):
        self._to = ("127.0.0.1", port)
        self._waiting = list(reversed(phones))
        self._selector = selectors.DefaultSelector()
        self._socks = []
        self._sent: dict[tuple[int, int], tuple[Phone, bytes, float]] = {}
        for number in range(SOCKETS):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.setblocking(False)
            self._socks.append(sock)
            self._selector.register(sock, selectors.EVENT_READ, number)
        self._free = [(number, identifier) for identifier in range(40) for number in range(SOCKETS)]
        self.acknowledged = 0
        self.half = threading.Event()
        """Half of all packets are acknowledged."""

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._selector.close()
        for sock in self._socks:
            sock.close()

    def run(self, enough: Callable[[], bool]):
        """Send until all is acknowledged, or it is enough."""
        looked = time.monotonic()
        while (self._sent or self._waiting) and not enough():
            while self._free and self._waiting:
                self._begin(self._waiting.pop(), self._free.pop())
            for key, _ in self._selector.select(0.05):
                self._receive(key.data)
            if time.monotonic() - looked > AGAIN_S / 4:
                looked = time.monotonic()
                self._send_again(looked)

    def _begin(self, phone, slot):
        data = phone.packet(slot[1])
        self._sent[slot] = (phone, data, time.monotonic())
        self._send(slot[0], data)

    def _send(self, number, data):
        try:
            self._socks[number].sendto(data, self._to)
        except ConnectionRefusedError:
            return  # nobody is there: it is sent again

    def _send_again(self, now):
        for slot, (phone, data, at) in self._sent.items():
            if now - at > AGAIN_S:
                self._sent[slot] = (phone, data, now)
                self._send(slot[0], data)

    def _receive(self, number):
        while True:
            try:
                data = self._socks[number].recv(4096)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            slot = (number, data[1])
            if slot not in self._sent:
                continue  # acknowledged twice
            phone, *_ = self._sent.pop(slot)
            phone.acknowledged += 1
            self.acknowledged += 1
            if self.acknowledged == PACKETS // 2:
                self.half.set()
            if phone.done:
                self._free.append(slot)
            else:
                # Another identifier each time, as a NAS does: a late answer must fit no other packet.
                self._free.insert(0, slot)
                self._begin(phone, self._free.pop())


class Server:
    """`kolco serve radius` with its workers, killed as one."""

    def __init__(self, environment, admin_port):
        self._environment, self._admin_port = environment, admin_port
        self._process = None

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(
            *ENDS_WITH_US, sys.executable, "-m", "controller", "serve", "radius",
            cwd=ROOT, env=self._environment, start_new_session=True,
        )  # fmt: skip

        async def ready():
            assert self._process.returncode is None
            return await self.metric("kolco_radius_nas_clients") == 1

        await eventually(ready, within_s=60)

    async def kill(self):
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def metric(self, name):
        """The value of a metric; None if the daemon does not answer."""

        def read():
            with urllib.request.urlopen(f"http://127.0.0.1:{self._admin_port}/metrics", timeout=5) as answer:
                return answer.read().decode()

        try:
            text = await asyncio.to_thread(read)
        except OSError:
            return None
        values = [float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} ")]
        return values[0] if values else None

    async def applied(self):
        async def nothing_waits():
            return await self.metric("kolco_radius_journal_backlog_bytes") == 0

        await eventually(nothing_waits, within_s=300)


@pytest.fixture
async def database(database_url):
    """A database as the real daemon wants it: migrated."""
    db = Database(database_url)
    await migrations.upgrade(db)
    yield db
    await db.close()


@pytest.fixture
async def phones(database, tmp_path):
    """Devices that were let in, each with the Class of its Access-Accept."""
    store = SecretStore(tmp_path / "data" / "secrets")
    codec, now = ClassCodec(store.get(CLASS_KEY)), datetime.now(UTC)
    made = [Phone(number, new_id()) for number in range(PACKETS // STEPS)]
    account_ids = [new_id() for _ in made]
    async with database.transaction() as tx:
        await nas_service.add(tx, store, NewNas("lo", "Loopback", "127.0.0.1", SECRET))
        plan = PlanView("city", "C", 86_400, 3_600, 86_400, 300, None, None, None, 5)
        await Directory(store).save_plan(tx, plan)
        await tx.execute(
            sa.insert(Account),
            [
                {"id": key, "status": "active", "plan_id": "city", "locale": "ru", "created_at": now}
                for key in account_ids
            ],
        )
        await tx.execute(
            sa.insert(Device),
            [
                {
                    "id": phone.session.device_id, "account_id": key, "mac": phone.mac,
                    "created_at": now, "last_login_at": now, "remembered_until": None,
                }
                for phone, key in zip(made, account_ids, strict=True)
            ],
        )  # fmt: skip
    for phone in made:
        phone.fixed = [
            encode_text(44, f"s{phone.number}"),
            encode_text(31, phone.mac),
            (25, codec.encode(phone.session)),
        ]
    return made


@pytest.fixture
async def server(database, phones, tmp_path):
    ports = {"AUTH": socket.SOCK_DGRAM, "ACCT": socket.SOCK_DGRAM, "ADMIN": socket.SOCK_STREAM}
    numbers = {name: free_port(kind) for name, kind in ports.items()}
    environment = os.environ | {
        "KOLCO_DATA_DIR": str(tmp_path / "data"),
        "KOLCO_DATABASE_URL": database.url,
        "KOLCO_RADIUS_APPLY_BATCH_MAX": "2000",  # nobody else waits for this database
        "KOLCO_RADIUS_APPLY_LAG_S": "0",  # it is to be killed while it applies
        **{f"KOLCO_RADIUS_{name}_PORT": str(number) for name, number in numbers.items()},
    }
    server = Server(environment, numbers["ADMIN"])
    server.acct_port = numbers["ACCT"]
    await server.start()
    yield server
    await server.kill()


async def octets_by_session(database):
    async with database.reading() as tx:
        rows = await tx.execute(sa.select(NetSession.id, NetSession.up_bytes))
        return {row.id: row.up_bytes for row in rows}


@pytest.mark.timeout(600)
async def test_what_was_acknowledged_is_there_once(server, phones, database):
    with Nas(server.acct_port, phones) as nas:
        silent = threading.Event()
        sending = asyncio.create_task(asyncio.to_thread(nas.run, silent.is_set))
        await asyncio.to_thread(nas.half.wait)
        await server.kill()
        silent.set()
        await sending
        assert PACKETS // 2 <= nas.acknowledged < PACKETS
        await server.start()
        await server.applied()
        stored = await octets_by_session(database)
        for phone in phones:
            told = phone.acknowledged  # of these the last one holds the totals; one more was on its way
            assert (
                stored.get(phone.session.session_id, -1) in {octets_at(told - 1), octets_at(told)} or not told
            )
        silent.clear()
        await asyncio.to_thread(nas.run, silent.is_set)
        assert nas.acknowledged == PACKETS
        await server.kill()
    await server.start()
    await server.applied()
    stored = await octets_by_session(database)
    assert stored == {phone.session.session_id: octets_at(STEPS - 1) for phone in phones}
    async with database.reading() as tx:
        count = sa.select(sa.func.count())
        assert await tx.scalar(count.select_from(NetSession).where(NetSession.ended_at.is_(None))) == 0
        assert await tx.scalar(count.select_from(RadiusLeg).where(RadiusLeg.ended_at.is_(None))) == 0
        topics = Counter(await tx.scalars(sa.select(OutboxRow.topic)))
        kinds = Counter(await tx.scalars(sa.select(AccountingRecord.kind)))
        stops = sa.select(sa.func.sum(AccountingRecord.up_bytes)).where(AccountingRecord.kind == "stop")
        assert await tx.scalar(stops) == len(phones) * octets_at(STEPS - 1)
    assert (topics["session.started"], topics["session.ended"]) == (len(phones), len(phones))
    assert (kinds["start"], kinds["stop"]) == (len(phones), len(phones))
