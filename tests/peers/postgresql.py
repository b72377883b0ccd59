"""A PostgreSQL of our own on loopback, in a temporary directory; Debian's version 15."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.eventually import eventually_blocking
from tests.peers.process import ENDS_WITH_US, end, free_port, wait_for_port

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
USER = "kolco"


@dataclass(frozen=True)
class PostgreSql:
    """A server that runs; its user needs no password."""

    port: int

    @property
    def url(self) -> str:
        """SQLAlchemy's URL without a database name."""
        return f"postgresql+asyncpg://{USER}@127.0.0.1:{self.port}"

    def psql(self, database: str, sql: str, *, lines: bytes | None = None) -> str:
        """Run SQL and return what it prints, unadorned; `lines` is what COPY … FROM STDIN reads.

        Raises:
            RuntimeError: it failed.
        """
        ran = subprocess.run(
            ["psql", "-X", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database,
             "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql],
            input=lines, capture_output=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            raise RuntimeError(ran.stderr.decode())
        return ran.stdout.decode().strip()

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, yield its name, and drop it."""
        name = f"t{time.monotonic_ns()}"
        self.psql("postgres", f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self.psql("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgresql(*, fsync: bool = False) -> Iterator[PostgreSql]:
    """Start a server and end it with its files.

    Args:
        fsync: whether commits are safe on disk; benchmarks of durable work need it.
    """
    directory = Path(tempfile.mkdtemp(prefix="kolco-pg-"))
    port = free_port()
    as_root = os.geteuid() == 0
    user = "postgres" if as_root else pwd.getpwuid(os.geteuid()).pw_name
    if as_root:
        account = pwd.getpwnam(user)
        os.chown(directory, account.pw_uid, account.pw_gid)
    options = {"user": user, "group": user, "extra_groups": []} if as_root else {}
    process = None
    try:
        subprocess.run(
            [POSTGRES_BIN / "initdb", "-D", directory / "data", "-U", USER, "-A", "trust", "--no-sync"],
            check=True, capture_output=True, cwd="/", **options,
        )  # fmt: skip
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *ENDS_WITH_US, POSTGRES_BIN / "postgres",
                    "-D", directory / "data", "-p", str(port), "-k", directory,
                    "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
                    "-c", f"fsync={'on' if fsync else 'off'}",
                ],
                stdout=log, stderr=log, cwd="/", **options,
            )  # fmt: skip
        wait_for_port(port, process)
        server = PostgreSql(port)
        # It listens before it is ready to answer.
        eventually_blocking(lambda: server.psql("postgres", "SELECT 1"), despite=(RuntimeError,))
        yield server
    finally:
        if process is not None:
            end(process, signal.SIGINT)
        shutil.rmtree(directory)
