"""Fixtures for every test: a clock that stands still, and the real servers integration tests need.

A server is started when the first test asks for it and ended with the run; it listens on loopback only.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.fakes.clock import FakeClock

# A loaded machine is slow without anything being wrong.
settings.register_profile("kolco", deadline=None)
settings.load_profile("kolco")

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
ENDS_WITH_US = ("setpriv", "--pdeathsig", "INT", "--")
"""Before a server's command: the kernel ends it when the test run is killed."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def logging_as_it_was():
    """A command run in this process logs to a captured stream; the next test must not meet it closed."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args[0]} does not listen on {port}")


def end(process: subprocess.Popen, number: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL of our own; yields the URL without a database name."""
    directory = Path(tempfile.mkdtemp(prefix="kolco-pg-"))
    port = free_port()
    as_root = os.geteuid() == 0
    user = "postgres" if as_root else pwd.getpwuid(os.geteuid()).pw_name
    if as_root:
        account = pwd.getpwnam(user)
        os.chown(directory, account.pw_uid, account.pw_gid)
    options = {"user": user, "group": user, "extra_groups": []} if as_root else {}
    subprocess.run(
        [POSTGRES_BIN / "initdb", "-D", directory / "data", "-U", "kolco", "-A", "trust", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
        **options,
    )
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *ENDS_WITH_US, POSTGRES_BIN / "postgres",
                "-D", directory / "data", "-p", str(port), "-k", directory,
                "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200",
            ],
            stdout=log, stderr=log, cwd="/", **options,
        )  # fmt: skip
    try:
        wait_for_port(port, process)
        yield f"postgresql+asyncpg://kolco@127.0.0.1:{port}"
    finally:
        end(process, signal.SIGINT)
        shutil.rmtree(directory)


@pytest.fixture
def postgres_url(postgres_server: str):
    """The URL of a new, empty PostgreSQL database."""
    port = postgres_server.rsplit(":", 1)[1]
    name = f"t{time.monotonic_ns()}"
    psql = ["psql", "-h", "127.0.0.1", "-p", port, "-U", "kolco", "-d", "postgres", "-qc"]
    subprocess.run([*psql, f"CREATE DATABASE {name}"], check=True, capture_output=True)
    yield f"{postgres_server}/{name}"
    subprocess.run([*psql, f"DROP DATABASE {name} WITH (FORCE)"], check=True, capture_output=True)


@pytest.fixture
def nats_url():
    """A NATS server with JetStream of our own."""
    directory = tempfile.mkdtemp(prefix="kolco-nats-")
    port = free_port()
    process = subprocess.Popen(
        [*ENDS_WITH_US, "nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", directory],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process)
        yield f"nats://127.0.0.1:{port}"
    finally:
        end(process)
        shutil.rmtree(directory)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"
    return request.getfixturevalue("postgres_url")
