"""Our side of the RADIUS benchmarks: `kolco serve radius` as it is, on PostgreSQL with a city in it.

The accounts that log in are written as the program writes them; what else makes up a city of millions is
made by PostgreSQL itself, with passwords that nobody knows.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil

from controller import migrations
from controller.core.db import Database
from controller.core.pki import CertificateAuthority
from controller.core.runtime import open_runtime
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.nas import service as nas
from controller.nas.types import NewNas
from radius.load.requests import Login
from tests.peers.postgresql import PostgreSql
from tests.peers.process import ENDS_WITH_US, end, free_port

SECRET = "a shared secret for the benchmark"
_ID = "01{:024d}"


@dataclass(frozen=True)
class OurRadius:
    """A daemon that runs.

    Attributes:
        auth_port: UDP port of authentication.
        acct_port: UDP port of accounting.
        admin: where its metrics are.
        process: the daemon; workers are its children.
        ca_pem: the authority of its certificate for EAP.
    """

    auth_port: int
    acct_port: int
    admin: str
    process: subprocess.Popen
    ca_pem: bytes

    def metric(self, name: str) -> float:
        """The sum of all samples of a metric; 0 if there is none."""
        lines = httpx.get(f"{self.admin}/metrics", timeout=30, trust_env=False).text.splitlines()
        return sum(
            float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))
        )


@dataclass(frozen=True)
class City:
    """A database with people in it, and the directory of its secrets."""

    url: str
    data_dir: Path
    logins: tuple[Login, ...]


def logins(count: int) -> tuple[Login, ...]:
    """Who logs in, the same in every run and for every peer; names are as long as the program's."""
    return tuple(
        Login(f"d-{number:026d}", f"password-of-device-{number:07d}", _mac(number).replace(":", "-").upper())
        for number in range(count)
    )


@contextmanager
def city(server: PostgreSql, who: Sequence[Login], accounts: int) -> Iterator[City]:
    """Make a database in which `who` may log in among `accounts`, and drop it with its secrets."""
    directory = Path(tempfile.mkdtemp(prefix="kolco-city-"))
    try:
        with server.database() as name:
            url = f"{server.url}/{name}"
            asyncio.run(_prepare(directory, url))
            _fill(server, name, SecretStore(directory / "secrets"), who, accounts)
            yield City(url, directory, tuple(who))
    finally:
        shutil.rmtree(directory)


@contextmanager
def our_radius(made: City, *, seconds: float = 900, **settings: object) -> Iterator[OurRadius]:
    """Serve a city with the default number of workers until the block ends.

    Args:
        made: the city.
        seconds: how long its index may take to be complete.
        settings: of `RadiusSettings`, by name.

    Raises:
        RuntimeError: the daemon does not start in time; the message has its log.
    """
    ports = {kind: free_port(socket.SOCK_DGRAM) for kind in ("auth", "acct")} | {"admin": free_port()}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KOLCO_")}
    environment |= {"KOLCO_DATA_DIR": str(made.data_dir), "KOLCO_DATABASE_URL": made.url}
    environment |= {f"KOLCO_RADIUS_{kind.upper()}_PORT": str(port) for kind, port in ports.items()}
    environment |= {f"KOLCO_RADIUS_{name.upper()}": str(value) for name, value in settings.items()}
    log = made.data_dir / "radius.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*ENDS_WITH_US, sys.executable, "-m", "controller", "serve", "radius"],
            env=environment, stdout=file, stderr=file, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    try:
        ca = CertificateAuthority.open(made.data_dir / "pki").certificate_pem
        daemon = OurRadius(ports["auth"], ports["acct"], f"http://127.0.0.1:{ports['admin']}", process, ca)
        _wait(daemon, log, seconds)
        yield daemon
    finally:
        end(process)


def cpu_seconds(process: subprocess.Popen) -> float:
    """Processor seconds of a process and its children so far."""
    root = psutil.Process(process.pid)
    used = 0.0
    for one in (root, *root.children(recursive=True)):
        times = one.cpu_times()
        used += times.user + times.system
    return used


def _wait(daemon: OurRadius, log: Path, seconds: float) -> None:
    started = time.monotonic()
    deadline = started + seconds
    while True:
        if daemon.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the daemon did not start: {log.read_text()[-3000:]}")
        try:
            ready = httpx.get(f"{daemon.admin}/healthz", timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            ready = False
        # The comparison at the start takes a processor of its own while it lasts.
        if ready and all(
            daemon.metric(f"kolco_radius_index_{name}") for name in ("complete", "compare_seconds")
        ):
            return
        time.sleep(min(1.0, 0.05 + (time.monotonic() - started) / 50))  # asking costs what is waited for


async def _prepare(directory: Path, url: str) -> None:
    CertificateAuthority.open(directory / "pki")
    db = Database(url)
    await migrations.upgrade(db)
    await db.close()
    settings = CoreSettings(data_dir=directory, database_url=url)
    async with open_runtime(settings) as runtime, runtime.db.transaction() as tx:
        await nas.add(tx, runtime.secrets, NewNas("bench", "Bench", "127.0.0.1", SECRET))
        plan = PlanView("city", "City", 86_400, 3_600, 86_400, 300, 10_000, 5_000, None, 5)
        await Directory(runtime.secrets).save_plan(tx, plan)


def _fill(server: PostgreSql, name: str, secrets: SecretStore, who: Sequence[Login], accounts: int) -> None:
    now = datetime.now(UTC)
    until = now + timedelta(days=30)
    copies: dict[str, list[str]] = {"accounts": [], "devices": [], "device_credentials": []}
    for number, login in enumerate(who):
        key = _ID.format(number)
        digest = secrets.digest("credential", login.password).hex()
        sealed = secrets.seal("credential", login.password).hex()
        copies["accounts"].append(f"{key}\tactive\tcity\tru\t{now}\n")
        copies["devices"].append(f"{key}\t{key}\t{_mac(number)}\t{now}\t{now}\t\\N\n")
        copies["device_credentials"].append(
            f"{key}\t{key}\t{login.username}\t\\\\x{digest}\t\\\\x{sealed}\t{now}\t{until}\t\\N\n"
        )
    server.psql(name, _DROP_INDEXES)
    for table, lines in copies.items():
        server.psql(name, f"COPY {table} ({_COLUMNS[table]}) FROM STDIN", lines="".join(lines).encode())
    if accounts > len(who):
        server.psql(name, _OTHERS.format(first=len(who), last=accounts - 1, **_COLUMNS))
    server.psql(name, _MAKE_INDEXES)
    for table in copies:
        server.psql(name, f"VACUUM ANALYZE {table}")


def _mac(number: int) -> str:
    octets = (0x02000000_0000 + number).to_bytes(6, "big")
    return octets.hex(":")


_COLUMNS = {
    "accounts": "id, status, plan_id, locale, created_at",
    "devices": "id, account_id, mac, created_at, last_login_at, remembered_until",
    "device_credentials": "id, device_id, username, secret_digest, sealed, created_at, expires_at, "
    "revoked_at",
}
_OTHERS = """
SET synchronous_commit = off;
INSERT INTO accounts ({accounts}) SELECT '01' || lpad(n::text, 24, '0'), 'active', 'city', 'ru', now()
    FROM generate_series({first}, {last}) AS n;
INSERT INTO devices ({devices}) SELECT id, id,
    '02:' || substr(h, 1, 2) || ':' || substr(h, 3, 2) || ':' || substr(h, 5, 2) || ':' || substr(h, 7, 2)
        || ':' || substr(h, 9, 2), now(), now(), NULL
    FROM generate_series({first}, {last}) AS n,
        LATERAL (SELECT '01' || lpad(n::text, 24, '0') AS id, lpad(to_hex(n), 10, '0') AS h) AS made;
INSERT INTO device_credentials ({device_credentials}) SELECT id, id, 'd-00' || substr(id, 3), digest,
    digest || substr(digest, 1, 16), now(), now() + interval '30 days', NULL
    FROM generate_series({first}, {last}) AS n,
        LATERAL (SELECT '01' || lpad(n::text, 24, '0') AS id, sha256(n::text::bytea) AS digest) AS made;
"""
_DROP_INDEXES = """
CREATE TABLE benchmark_indexes AS
    SELECT contype = 'f' AS reference, conrelid::regclass::text AS of, conname AS name,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
            || CASE contype WHEN 'f' THEN ' NOT VALID' ELSE '' END AS made_by
    FROM pg_constraint
    WHERE contype IN ('p', 'u', 'f') AND ('{accounts,devices,device_credentials}'::regclass[]
        && ARRAY[conrelid::regclass, confrelid::regclass]) AND (contype = 'f' OR confrelid = 0)
    UNION ALL SELECT NULL, tablename, indexname, indexdef FROM pg_indexes
    WHERE tablename IN ('accounts', 'devices', 'device_credentials')
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname);
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM benchmark_indexes ORDER BY reference IS NOT TRUE LOOP
        IF one.reference IS NULL THEN EXECUTE format('DROP INDEX %I', one.name);
        ELSE EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of, one.name); END IF;
    END LOOP;
END $$;
"""
_MAKE_INDEXES = """
SET maintenance_work_mem = '512MB';
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM benchmark_indexes ORDER BY reference IS TRUE LOOP EXECUTE one.made_by; END LOOP;
END $$;
DROP TABLE benchmark_indexes;
"""
"""Millions of rows are quicker written with no index, and those made of all of them afterwards."""
