"""RADIUS on one core: PAP logins and acknowledged accounting per second, over loopback.

    python -m tests.benchmarks.radius_auth [--requests 2000] [--accounts 1000] [--database-url URL]

The daemon runs in a process of its own with a database, policy, duplicate cache and counters on. The
generator here keeps 128 requests in flight, each with an identifier of its own on one of 16 sockets,
and checks that answers are Accepts; packets are signed before the clock starts.
"""

import argparse
import asyncio
import multiprocessing
import secrets
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from controller.core.db import Database
from controller.core.runtime import open_runtime
from controller.core.settings import CoreSettings
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import Base
from controller.nas import service as nas
from controller.nas.types import NewNas
from radius.daemon import serve
from radius.protocol import attributes as a
from radius.protocol.attributes import AcctStatusType, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import Attribute, encode_integer, encode_text
from radius.protocol.password import hide_password
from radius.settings import RadiusSettings
from tests.benchmarks.result import Figure, print_figures

SECRET = b"a shared secret for the benchmark"
SOCKETS = 16
IN_FLIGHT = 128
PER_SOCKET = IN_FLIGHT // SOCKETS


@dataclass(frozen=True)
class Measured:
    """One run: answers per second, server CPU per answer, and the slowest percent."""

    per_second: float
    cpu_us: float
    p99_ms: float
    lost: int


def run_server(pipe: Connection, data_dir: str, database_url: str | None, accounts: int) -> None:
    """Prepare the database, serve RADIUS and tell the ports and credentials through the pipe."""
    asyncio.run(_serve(pipe, Path(data_dir), database_url, accounts))


async def _serve(pipe: Connection, data_dir: Path, database_url: str | None, accounts: int) -> None:
    settings = CoreSettings(data_dir=data_dir, database_url=database_url)
    data_dir.mkdir(exist_ok=True)
    db = Database(settings.database)
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await db.close()
    async with open_runtime(settings) as runtime:
        directory = Directory(runtime.secrets)
        now = datetime.now(UTC)
        credentials = []
        async with runtime.db.transaction() as tx:
            await nas.add(tx, runtime.secrets, NewNas("bench", "Bench", "127.0.0.1", SECRET.decode()))
            plan = PlanView("city", "City", 86_400, 3_600, 86_400, 300, 10_000, 5_000, None, 5)
            await directory.save_plan(tx, plan)
            for number in range(accounts):
                mac = f"02:00:00:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
                login = await directory.login_phone(tx, phone=f"+7916{number:07}", mac=mac, now=now)
                issued = await directory.issue_credential(
                    tx, device_id=login.device_id, now=now, valid_s=86_400
                )
                credentials.append((issued.username, issued.password, mac))
        ports: dict[str, int] = {}
        await serve(
            runtime,
            RadiusSettings(auth_port=0, acct_port=0, admin_port=0),
            ready=lambda: pipe.send((ports, credentials)),
            listening=ports.update,
        )


def pap_requests(credentials: Sequence[tuple[str, str, str]]) -> Iterator[tuple[int, bytes]]:
    """Yield (identifier, datagram) of PAP logins for ever, each with a fresh authenticator."""
    number = 0
    while True:
        username, password, mac = credentials[number % len(credentials)]
        authenticator = secrets.token_bytes(16)
        attributes: list[Attribute] = [
            encode_text(a.USER_NAME, username),
            (a.USER_PASSWORD, hide_password(password.encode(), SECRET, authenticator)),
            encode_text(a.CALLING_STATION_ID, mac),
        ]
        identifier = number // SOCKETS % 256
        yield (
            identifier,
            sign_request(
                Code.ACCESS_REQUEST, identifier, attributes, SECRET, random_authenticator=authenticator
            ),
        )
        number += 1


def accounting_requests(
    credentials: Sequence[tuple[str, str, str]], kinds: Sequence[AcctStatusType]
) -> Iterator[tuple[int, bytes]]:
    """Yield (identifier, datagram): for all devices the first kind, then for all the next, and round again.

    Interim-Updates go on with the sessions that are open; each Start begins another.
    """
    number = starts = 0
    run = secrets.token_hex(3)
    while True:
        step, who = divmod(number, len(credentials))
        kind = kinds[step % len(kinds)]
        starts += kind is AcctStatusType.START and who == 0
        attributes = [
            encode_integer(a.ACCT_STATUS_TYPE, kind),
            encode_text(a.ACCT_SESSION_ID, f"{run}-{starts}-{who}"),
            encode_text(a.CALLING_STATION_ID, credentials[who][2]),
            encode_integer(a.ACCT_INPUT_OCTETS, step * 1000),
            encode_integer(a.ACCT_OUTPUT_OCTETS, step * 9000),
            encode_integer(a.ACCT_SESSION_TIME, step * 300),
        ]
        identifier = number // SOCKETS % 256
        yield (
            identifier,
            sign_request(
                Code.ACCOUNTING_REQUEST, identifier, attributes, SECRET, random_authenticator=bytes(16)
            ),
        )
        number += 1


class Generator:
    """Sends datagrams from 16 sockets, 128 in flight, and times the answers."""

    def __init__(self, port: int, requests: Sequence[tuple[int, bytes]], expected: Code) -> None:
        self.latencies: list[float] = []
        self._expected = expected
        self._queues = [list(requests[number::SOCKETS])[::-1] for number in range(SOCKETS)]
        self._sent: list[dict[int, float]] = [{} for _ in range(SOCKETS)]
        self._sockets: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        for number in range(SOCKETS):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.connect(("127.0.0.1", port))
            self._selector.register(sock, selectors.EVENT_READ, number)
            self._sockets.append(sock)

    def run(self) -> None:
        """Send everything and take the answers, until all are in or none came for 3 s."""
        for number in range(SOCKETS):
            for _ in range(PER_SOCKET):
                self._send_next(number)
        while any(self._sent):
            ready = self._selector.select(3.0)
            if not ready:
                return
            for key, _ in ready:
                self._drain(key.data)

    def close(self) -> None:
        """Close the sockets."""
        self._selector.close()
        for sock in self._sockets:
            sock.close()

    def _send_next(self, number: int) -> None:
        if self._queues[number]:
            identifier, data = self._queues[number].pop()
            self._sent[number][identifier] = time.perf_counter()
            self._sockets[number].send(data)

    def _drain(self, number: int) -> None:
        while True:
            try:
                data = self._sockets[number].recv(4096)
            except BlockingIOError:
                return
            if data[0] != self._expected:
                raise SystemExit(f"an answer of code {data[0]}, expected {self._expected.name}")
            self.latencies.append(time.perf_counter() - self._sent[number].pop(data[1]))
            self._send_next(number)


def load(
    port: int, requests: Sequence[tuple[int, bytes]], expected: Code, process: psutil.Process
) -> Measured:
    """Have every request answered and measure it."""
    generator = Generator(port, requests, expected)
    before, started = process.cpu_times(), time.perf_counter()
    generator.run()
    seconds, after = time.perf_counter() - started, process.cpu_times()
    generator.close()
    answered = len(generator.latencies)
    cpu = after.user + after.system - before.user - before.system
    return Measured(
        per_second=answered / seconds,
        cpu_us=cpu / max(1, answered) * 1e6,
        p99_ms=statistics.quantiles([0.0, 0.0, *generator.latencies], n=100)[-1] * 1000,
        lost=len(requests) - answered,
    )


def measure(
    name: str,
    port: int,
    source: Iterator[tuple[int, bytes]],
    expected: Code,
    *,
    options: argparse.Namespace,
    pid: int,
) -> list[Figure]:
    """Return the figures of one kind of request: the median run's, and all that was lost."""
    process = psutil.Process(pid)
    runs = []
    for _ in range(options.runs):
        requests = [next(source) for _ in range(options.requests)]
        runs.append(load(port, requests, expected, process))
    median = sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]
    return [
        Figure(f"radius.{name}", "requests/s", median.per_second, "more"),
        Figure(f"radius.{name}.cpu", "us/request", median.cpu_us, "less"),
        Figure(f"radius.{name}.p99", "ms", median.p99_ms, "less"),
        Figure(f"radius.{name}.lost", "requests", sum(run.lost for run in runs), "less", target=0.0),
    ]


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=2_000, help="of each kind and run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--database-url", default=None, help="an empty database; else SQLite is used")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as directory:
        arguments = (theirs, directory, options.database_url, options.accounts)
        server = context.Process(target=run_server, args=arguments)
        server.start()
        try:
            ports, credentials = pipe.recv()
            start, interim, stop = AcctStatusType.START, AcctStatusType.INTERIM_UPDATE, AcctStatusType.STOP
            kinds = (
                ("pap", "access", pap_requests(credentials), Code.ACCESS_ACCEPT),
                (
                    "start_stop",
                    "accounting",
                    accounting_requests(credentials, (start, stop)),
                    Code.ACCOUNTING_RESPONSE,
                ),
                (
                    "interim",
                    "accounting",
                    accounting_requests(credentials, (interim,)),
                    Code.ACCOUNTING_RESPONSE,
                ),
            )
            figures = []
            for name, port, source, code in kinds:
                figures += measure(name, ports[port], source, code, options=options, pid=server.pid or 0)
        finally:
            server.terminate()
            server.join()
    return 0 if print_figures("radius_auth", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
