"""The database stops under a running daemon with workers: logins go on from the account index."""

import asyncio
import contextlib
import os
import pwd
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import psutil
import pytest
import sqlalchemy as sa

from controller import migrations
from controller.core.db import Database
from controller.core.secrets import SecretStore
from controller.directory import credentials
from controller.directory.service import Directory
from controller.models import NetSession
from controller.nas import service as nas_service
from controller.nas.types import NewNas
from tests.conftest import free_port
from tests.eventually import eventually
from tests.factories.people import MAC, make_citizen
from tests.integration.radius.asking import SECRET, acct, class_of, mab, radclient
from tests.integration.radius.workers.conftest import Crew
from tests.peers.postgresql import POSTGRES_BIN, postgresql

OTHER_SECRET = "another shared secret for tests"


class Stoppable:
    """A PostgreSQL that can be stopped and started again with what it holds."""

    def __init__(self, server):
        self.server = server
        self.data = server.psql("postgres", "SHOW data_directory")

    def stop(self):
        self._control("-m", "fast", "stop")

    def start(self):
        options = f"-p {self.server.port} -c listen_addresses=127.0.0.1 -k {self.data} -c fsync=off"
        self._control("-o", options, "-l", f"{self.data}/log", "start")

    def _control(self, *arguments):
        user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        options = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(
            [POSTGRES_BIN / "pg_ctl", "-D", self.data, "-w", *arguments],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **options,
        )  # fmt: skip


@pytest.fixture
async def town(tmp_path):
    """A PostgreSQL of its own, a daemon with two workers on it, and a device with a credential."""
    with postgresql() as server, server.database() as name:
        url, data_dir = f"{server.url}/{name}", tmp_path / "data"
        db, store, now = Database(url), SecretStore(data_dir / "secrets"), datetime.now(UTC)
        await migrations.upgrade(db)
        directory = Directory(store)
        async with db.transaction() as tx:
            await nas_service.add(tx, store, NewNas("lo", "Loopback", "127.0.0.1", SECRET))
        login = await make_citizen(db, directory, now=now)
        async with db.transaction() as tx:
            issued = await directory.issue_credential(tx, device_id=login.device_id, now=now, valid_s=86_400)
        ports = [free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM), free_port()]
        environment = os.environ | {
            "KOLCO_DATA_DIR": str(data_dir),
            "KOLCO_DATABASE_URL": url,
            "KOLCO_RADIUS_WORKERS": "2",
            "KOLCO_RADIUS_AUTH_PORT": str(ports[0]),
            "KOLCO_RADIUS_ACCT_PORT": str(ports[1]),
            "KOLCO_RADIUS_ADMIN_PORT": str(ports[2]),
            "KOLCO_RADIUS_REJECT_DELAY_S": "0",
        }
        crew = Crew(environment, data_dir, *ports, log=tmp_path / "log")
        stoppable = Stoppable(server)
        try:
            await crew.start()
            yield crew, stoppable, db, issued
        finally:
            await crew.stop()
            await db.close()
            for child in crew.children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            with contextlib.suppress(subprocess.CalledProcessError):
                stoppable.start()


async def login(crew, issued, password=None):
    asked = f'User-Name="{issued.username}",User-Password="{password or issued.password}"'
    return await radclient(crew.auth_port, "auth", f"{asked},Message-Authenticator=0x00\n")


async def wait_for(crew, metric, wanted, seconds=60):
    async def is_wanted():
        return wanted(await crew.metric(metric))

    await eventually(is_wanted, within_s=seconds)


async def is_refused(crew, issued):
    return "Received Access-Reject" in await login(crew, issued)


@pytest.mark.timeout(240)
async def test_logins_go_on_while_the_database_is_stopped(town):
    crew, server, db, issued = town
    await wait_for(crew, "kolco_radius_index_complete", lambda value: value == 1)
    assert "Received Access-Accept" in await login(crew, issued)

    server.stop()
    for _ in range(3):
        assert "Received Access-Accept" in await login(crew, issued)
        assert "Received Access-Accept" in await radclient(crew.auth_port, "auth", mab())
    assert "Received Access-Reject" in await login(crew, issued, "wrong")
    assert "Received Access-Reject" in await radclient(crew.auth_port, "auth", mab("02:00:00:00:00:99"))
    assert "Received Accounting-Response" in await radclient(crew.acct_port, "acct", acct("Start"))
    await wait_for(crew, "kolco_radius_index_age_seconds", lambda value: value > 12)
    assert "Received Access-Accept" in await login(crew, issued)
    assert await crew.metric("kolco_radius_index_complete") == 1
    assert await crew.metric("kolco_radius_index_fallbacks_total") == 0

    server.start()
    await wait_for(crew, "kolco_radius_index_age_seconds", lambda value: value < 10)
    async with db.transaction() as tx:
        await credentials.revoke(tx, username=issued.username, now=datetime.now(UTC))
    await eventually(lambda: is_refused(crew, issued))


async def eap(crew, issued, secret=SECRET):
    """Log in as a device does that has its credential only."""
    return await crew.kolco(
        *("radius", "test", "peap-mschapv2", "--secret", secret, "--port", str(crew.auth_port)),
        *("--username", issued.username, "--password", issued.password, "--output", "json"),
    )


@pytest.mark.timeout(300)
async def test_it_starts_while_the_database_is_away(town):
    """A district loses power: the daemon is up again before the database is."""
    crew, server, db, issued = town
    await wait_for(crew, "kolco_radius_index_complete", lambda value: value == 1)
    assert "Received Access-Accept" in await login(crew, issued)
    server.stop()
    crew.process.kill()
    await crew.process.wait()
    for child in crew.children:
        await asyncio.to_thread(child.wait, 10)
    crew.log.write_text("")

    await crew.start()
    for _ in range(3):  # both workers
        assert "Received Access-Accept" in await login(crew, issued)
        assert "Received Access-Accept" in await radclient(crew.auth_port, "auth", mab())
    assert "Received Access-Reject" in await login(crew, issued, "wrong")
    assert "access-accept" in (await eap(crew, issued)).lower()
    given = class_of(await login(crew, issued))
    for kind in ("Start", "Interim-Update"):
        asked = acct(kind, Class=given)
        assert "Received Accounting-Response" in await radclient(crew.acct_port, "acct", asked)
    assert await crew.metric('kolco_radius_table_from_disk{table="nas"}') == 1
    assert await crew.metric('kolco_radius_table_from_disk{table="policy"}') == 1
    told = crew.log.read_text()
    assert "daemon.starts_without_database" in told
    assert "radius.table_from_disk" in told
    (worker, *_) = crew.workers()  # and one that is replaced meanwhile
    worker.kill()

    async def replaced():
        found = await crew.metrics()
        deaths = sum(found[name] for name in found if name.startswith("kolco_radius_worker_deaths_total"))
        return deaths == 1 and found["kolco_radius_workers"] == 2

    await eventually(replaced, within_s=60)
    for _ in range(8):
        assert "Received Access-Accept" in await login(crew, issued)

    server.start()

    async def applied():
        async with db.reading() as tx:
            return await tx.scalar(sa.select(sa.func.count()).select_from(NetSession)) == 1

    await eventually(applied, within_s=60)
    await wait_for(crew, 'kolco_radius_table_from_disk{table="nas"}', lambda value: value == 0)
    store = SecretStore(crew.data_dir / "secrets")
    async with db.transaction() as tx:
        now = datetime.now(UTC)
        await nas_service.rotate(tx, store, "lo", now=now, window=timedelta(), secret=OTHER_SECRET)

    async def picked_up():
        return "Received Access-Accept" in await radclient(
            crew.auth_port, "auth", mab(), secret=OTHER_SECRET, silent=True
        )

    await eventually(picked_up, within_s=60)
    async with db.transaction() as tx:
        await credentials.revoke(tx, username=issued.username, now=datetime.now(UTC))

    async def refused():
        asked = f'User-Name="{issued.username}",User-Password="{issued.password}"'
        asked += ",Message-Authenticator=0x00\n"
        answer = await radclient(crew.auth_port, "auth", asked, secret=OTHER_SECRET, silent=True)
        return "Received Access-Reject" in answer

    await eventually(refused, within_s=60)


async def test_a_device_that_is_disabled_is_out_at_once(town):
    crew, _, db, issued = town
    await wait_for(crew, "kolco_radius_index_complete", lambda value: value == 1)
    assert "Received Access-Accept" in await radclient(crew.auth_port, "auth", mab())
    directory = Directory(SecretStore(crew.data_dir / "secrets"))
    async with db.transaction() as tx:
        known = await directory.find_known_device(tx, mac=MAC, now=datetime.now(UTC))
        await directory.set_account_status(tx, account_id=known.account_id, status="blocked")
    started = asyncio.get_running_loop().time()
    await eventually(lambda: is_refused(crew, issued))
    assert asyncio.get_running_loop().time() - started < 3  # a tenth of that on an idle machine
    assert "Received Access-Reject" in await radclient(crew.auth_port, "auth", mab())
