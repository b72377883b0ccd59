"""Fixtures for every test: a clock that stands still, and the real servers integration tests need.

A server is started when the first test asks for it and ended with the run; it listens on loopback only.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.fakes.clock import FakeClock
from tests.peers.postgresql import PostgreSql, postgresql
from tests.peers.process import ENDS_WITH_US, end, free_port, wait_for_port

__all__ = ["end", "free_port", "wait_for_port"]

# A loaded machine is slow without anything being wrong.
settings.register_profile("kolco", deadline=None)
settings.load_profile("kolco")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def logging_as_it_was():
    """A command run in this process logs to a captured stream; the next test must not meet it closed."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL of our own; yields the URL without a database name."""
    with postgresql() as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres_server: str):
    """The URL of a new, empty PostgreSQL database."""
    server = PostgreSql(int(postgres_server.rsplit(":", 1)[1]))
    with server.database() as name:
        yield f"{server.url}/{name}"


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
