"""What the RADIUS benchmarks share: loads on several servers in turn, and the median of what each bore.

All servers are up all the time and are loaded one after the other, again and again, so that whatever else
the machine does meets all of them alike.
"""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter

from radius.load.plan import LoadPlan, Pace, Target, Work
from radius.load.report import Report
from radius.load.requests import Login
from radius.load.run import run_load
from radius.protocol.attributes import Code
from tests.benchmarks.radius_daemon import cpu_seconds
from tests.benchmarks.result import tell
from tests.peers.process import ENDS_WITH_US, end, free_port


@dataclass(frozen=True)
class Server:
    """A server to be loaded.

    Attributes:
        port: its UDP port.
        secret: the shared secret.
        process: whose processor time counts, with its children; None: nobody's.
        count: requests of one run (sessions, for accounting): as many as take it some seconds.
        ca_pem: for EAP.
    """

    port: int
    secret: str
    process: subprocess.Popen | None
    count: int
    ca_pem: bytes = b""


@dataclass(frozen=True)
class Run:
    """One run on one server."""

    per_second: float
    cpu_us: float
    p99_ms: float
    lost: int
    report: Report


Servers = Mapping[str, Server]


def plan(server: Server, work: Work, pace: Pace, logins: tuple[Login, ...], **more: object) -> LoadPlan:
    """Return a load on a server."""
    made = LoadPlan(
        work,
        Target("127.0.0.1", server.port, server.secret.encode()),
        pace,
        logins,
        count=server.count,
        ca_pem=server.ca_pem,
    )
    return replace(made, **more)


def load(server: Server, made: LoadPlan, *, processes: int = 1, may_refuse: bool = False) -> Run:
    """Load a server once.

    Raises:
        SystemExit: an answer was not genuine, or refused who may log in.
    """
    before = 0.0 if server.process is None else cpu_seconds(server.process)
    report = run_load(made, processes=processes)
    used = 0.0 if server.process is None else cpu_seconds(server.process) - before
    if report.faults or (report.codes[Code.ACCESS_REJECT] and not may_refuse):
        raise SystemExit(f"not what was expected: {report.to_json()}")
    return Run(
        report.per_second,
        used / max(1, report.answered) * 1e6,
        report.latencies.percentile(0.99) * 1_000,
        report.lost,
        report,
    )


def take_turns(
    servers: Servers,
    runs: int,
    once: Callable[[Server], Run],
    *,
    by: str = "per_second",
) -> dict[str, Run]:
    """Load each server in turn, `runs` times; return the run of the median rate, or `by` another, of each."""
    found: dict[str, list[Run]] = {name: [] for name in servers}
    for _ in range(runs):
        for name, server in servers.items():
            found[name].append(once(server))
            tell_run(name, found[name][-1])
    return {name: sorted(made, key=attrgetter(by))[len(made) // 2] for name, made in found.items()}


def tell_run(name: str, run: Run) -> None:
    """Say how a run went."""
    tell(
        f"{name}: {run.per_second:.0f}/s, p99 {run.p99_ms:.1f} ms, {run.cpu_us:.0f} us each, {run.lost} lost"
    )


@contextmanager
def echo() -> Iterator[int]:
    """Run the limit of loopback on two cores; yield its port."""
    port = free_port(socket.SOCK_DGRAM)
    process = subprocess.Popen(
        [*ENDS_WITH_US, sys.executable, "-m", "tests.peers.echo", "--port", str(port), "--processes", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield port
    finally:
        end(process)
        process.communicate()
