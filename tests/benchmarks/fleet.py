"""`python -m tests.benchmarks.fleet`: how many access points one core of the controller carries.

The controller's channel (TLS, uCentral, provisioning, SQLite) runs on core 0, the simulated access
points on core 1. In the same run the same access points meet the peer: a bare `websockets` + uvloop
server that only parses. Figures:

- connects: from power-on of all until all have an open websocket, mutual TLS, each its own certificate;
- configured: from the same moment until the database holds every acknowledgement;
- ingest: states taken when sent as fast as they are taken, the newest of each stored twice a second;
- stored: states that each ended up as a row, while every access point reports 1.1 times a second;
  both per second of the controller's processor time (so, per core: others on the machine change them
  little), and with `_rate` per second of the wall clock;
- memory: growth of the controller's resident memory per connected, configured access point.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.result import Figure, print_figures, tell

HOUR = 13.0
"""A busy hour, whenever the benchmark runs: states of some 4 kB before packing."""
PATIENCE_S = 120.0


@dataclass
class Process:
    """A child that speaks JSON lines both ways."""

    process: asyncio.subprocess.Process

    async def read(self) -> dict[str, Any]:
        """The next line; raises RuntimeError when the child has ended."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)
        if not line:
            raise RuntimeError(f"a benchmark process ended with {await self.process.wait()}")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read until a line is wanted."""
        while not wanted(line := await self.read()):
            pass
        return line

    def write(self, **order: object) -> None:
        """Send one line."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(order) + b"\n")

    async def ask(self) -> dict[str, Any]:
        """Ask a server for its counts."""
        self.write()
        return await self.read()


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[Process]:
    """Run a Python module and end it by closing its input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Process(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.communicate(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


@dataclass(frozen=True)
class Measured:
    """What one server did with one fleet."""

    connects_per_s: float
    configured_s: float | None
    ingest_per_s: float
    ingest_cpu_us: float
    stored_per_s: float | None
    stored_per_core_s: float | None
    kilobytes_per_ap: float
    message_bytes: float


def acknowledged(database: Path) -> int:
    """Configurations acknowledged at their newest version, as another process sees them."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as connection:
        query = (
            "SELECT count(*) FROM ap_configs "
            "WHERE status = 'acknowledged' AND acknowledged_uuid = desired_uuid"
        )
        return int(connection.execute(query).fetchone()[0])


async def measure(
    server: Process, fleet: Process, aps: int, seconds: float, database: Path | None
) -> Measured:
    """Connect everybody, let the server settle, then flood it."""
    before = await server.ask()
    start = time.monotonic()
    fleet.write(do="power", on=True, at_once=True)
    while (await server.ask())["connected"] < aps:
        check_patience(start, "connected")
        await asyncio.sleep(0.05)
    connects_per_s = aps / (time.monotonic() - start)
    configured_s = None
    if database is not None:
        while acknowledged(database) < aps:
            check_patience(start, "configured")
            await asyncio.sleep(0.1)
        configured_s = time.monotonic() - start
    await asyncio.sleep(2.0)
    memory = ((await server.ask())["rss"] - before["rss"]) / aps / 1000

    stored_per_s = stored_per_core_s = None
    if database is not None:
        stored_per_s, stored_per_core_s = await steady(server, fleet, aps, seconds)
    fleet.write(do="flood", seconds=seconds + 1.0, rate=0)
    await asyncio.sleep(0.5)
    first, at = await server.ask(), time.monotonic()
    await asyncio.sleep(seconds)
    last, took = await server.ask(), time.monotonic() - at
    states = last["states"] - first["states"]
    return Measured(
        connects_per_s=connects_per_s,
        configured_s=configured_s,
        ingest_per_s=states / took,
        ingest_cpu_us=(last["cpu_s"] - first["cpu_s"]) / states * 1e6,
        stored_per_s=stored_per_s,
        stored_per_core_s=stored_per_core_s,
        kilobytes_per_ap=memory,
        message_bytes=(last["message_bytes"] - first["message_bytes"]) / states,
    )


async def steady(server: Process, fleet: Process, aps: int, seconds: float) -> tuple[float, float]:
    """Send a little more than one state a second and access point; count the rows that come of it."""
    fleet.write(do="flood", seconds=seconds + 3.0, rate=aps * 1.1)
    await asyncio.sleep(1.5)
    first, at = await server.ask(), time.monotonic()
    await asyncio.sleep(seconds)
    last, took = await server.ask(), time.monotonic() - at
    await fleet.until(lambda line: line["event"] == "done" and line["do"] == "flood")
    rows = min(last["status_rows"] - first["status_rows"], last["states"] - first["states"])
    return rows / took, rows / (last["cpu_s"] - first["cpu_s"])


def check_patience(start: float, what: str) -> None:
    """Raise RuntimeError when it takes too long."""
    if time.monotonic() - start > PATIENCE_S:
        raise RuntimeError(f"not all were {what} within {PATIENCE_S:g} s")


async def run(aps: int, seconds: float) -> tuple[Measured, Measured]:
    """Measure ours, then the peer, with the same fleet and certificates."""
    cores = sorted(os.sched_getaffinity(0))
    ours_core, fleet_core = str(cores[0]), str(cores[1 % len(cores)])
    with tempfile.TemporaryDirectory(prefix="kolco-bench-") as directory:
        data_dir = Path(directory)

        async def against(database: Path | None, *server: str) -> Measured:
            async with started(*server, "--data-dir", directory, "--core", ours_core) as serving:
                port = (await serving.read())["port"]
                async with started(
                    "controller.city.fleet", "--url", f"wss://127.0.0.1:{port}/", "--data-dir", directory,
                    "--aps", str(aps), "--hour", str(HOUR), "--core", fleet_core, "--dark",
                ) as fleet:  # fmt: skip
                    await fleet.until(lambda line: line["event"] == "progress")
                    return await measure(serving, fleet, aps, seconds, database)

        ours = await against(data_dir / "kolco.db", "tests.benchmarks.channel_server", "--aps", str(aps))
        peer = await against(None, "tests.benchmarks.bare_server")
    return ours, peer


def figures(ours: Measured, peer: Measured) -> list[Figure]:
    """The figures of the issue, with its targets (which are for 3,000 access points)."""
    assert ours.configured_s is not None
    assert ours.stored_per_s is not None
    assert ours.stored_per_core_s is not None
    return [
        Figure("fleet.connects", "connects/s", ours.connects_per_s, "more", peer.connects_per_s),
        Figure("fleet.configured", "s", ours.configured_s, "less", target=30.0),
        Figure(
            "fleet.ingest",
            "states/core-s",
            1e6 / ours.ingest_cpu_us,
            "more",
            1e6 / peer.ingest_cpu_us,
            3000.0,
        ),
        Figure("fleet.ingest_rate", "states/s", ours.ingest_per_s, "more", peer.ingest_per_s),
        Figure("fleet.ingest_cpu", "µs/state", ours.ingest_cpu_us, "less", peer.ingest_cpu_us),
        Figure("fleet.stored", "states/core-s", ours.stored_per_core_s, "more", target=3000.0),
        Figure("fleet.stored_rate", "states/s", ours.stored_per_s, "more"),
        Figure("fleet.memory", "kB/AP", ours.kilobytes_per_ap, "less", peer.kilobytes_per_ap, 150.0),
    ]


def main() -> int:
    """Run and print; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fleet", description=__doc__)
    parser.add_argument("--aps", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    given = parser.parse_args()
    ours, peer = asyncio.run(run(given.aps, given.seconds))
    tell(f"{given.aps} access points, states of {ours.message_bytes:.0f} bytes as sent")
    tell(
        f"  all connected in {given.aps / ours.connects_per_s:.1f} s, peer"
        f" {given.aps / peer.connects_per_s:.1f} s; all configured after {ours.configured_s:.1f} s"
    )
    tell(
        f"  flat out {ours.ingest_per_s:.0f} states/s at {ours.ingest_cpu_us:.0f} µs,"
        f" peer (parse only) {peer.ingest_per_s:.0f} at {peer.ingest_cpu_us:.0f} µs"
    )
    tell(
        f"  each stored as a row: {ours.stored_per_s:.0f} states/s, of"
        f" {ours.stored_per_core_s:.0f} that one core would carry"
    )
    tell(f"  {ours.kilobytes_per_ap:.0f} kB a connected access point, peer {peer.kilobytes_per_ap:.0f} kB")
    return 0 if print_figures("fleet", figures(ours, peer)) else 1


if __name__ == "__main__":
    sys.exit(main())
