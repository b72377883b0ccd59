"""The controller's access point channel in a process of its own, for the fleet benchmark.

The real parts: endpoint, handlers, provisioning, configuration push, status writer, on a real SQLite
file (WAL) seeded with the city. Standard input: any line asks for the counts; its end stops it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
from pathlib import Path

import msgspec
import psutil
import uvloop
from prometheus_client import CollectorRegistry

from controller.city.plan import plan_city
from controller.city.seeding.service import seed_city
from controller.city.seeding.types import CityBasics
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.log import configure_logging
from controller.core.runtime import Runtime, open_runtime
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.jobs import ApChannelSettings, serve_ap_channel
from controller.models import Base


async def prepare(settings: CoreSettings, aps: int) -> None:
    """Make the schema and seed the city."""
    clock = SystemClock()
    db = Database(settings.database)
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with db.transaction() as tx:
        await seed_city(
            tx,
            plan_city(1, aps),
            basics=CityBasics(),
            secrets=SecretStore(settings.data_dir / "secrets"),
            data_dir=settings.data_dir,
            plan_id="city",
            now=clock.now(),
        )
    await db.close()


async def run(data_dir: Path, aps: int) -> None:
    """Seed, serve on a free port of loopback, and answer until standard input ends."""
    core = CoreSettings(data_dir=data_dir)
    await prepare(core, aps)
    async with open_runtime(core) as runtime:
        orders = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
        listening: asyncio.Future[int] = loop.create_future()
        settings = ApChannelSettings(port=0)
        serving = asyncio.create_task(serve_ap_channel(runtime, settings, ready=listening.set_result))
        await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        tell(port=listening.result(), **measure(runtime))
        asking = asyncio.create_task(answer(runtime, orders, listening.result()))
        await asyncio.wait({serving, asking}, return_when=asyncio.FIRST_COMPLETED)
        for task in (serving, asking):
            task.cancel()
        for outcome in await asyncio.gather(serving, asking, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def answer(runtime: Runtime, orders: asyncio.StreamReader, port: int) -> None:
    """Tell the counts for every line until the input ends."""
    while await orders.readline():
        tell(port=port, **measure(runtime))


def measure(runtime: Runtime) -> dict[str, float]:
    """Counts of the channel's own metrics, processor seconds and resident bytes of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    counted = runtime.registry
    return {
        "connected": value(counted, "kolco_ap_channel_connected"),
        "states": value(counted, "kolco_ap_channel_messages_total", method="state"),
        "message_bytes": value(counted, "kolco_ap_channel_message_bytes_total"),
        "status_rows": value(counted, "kolco_ap_channel_status_rows_total"),
        "cpu_s": used.ru_utime + used.ru_stime,
        "rss": psutil.Process().memory_info().rss,
    }


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """One sample's value, 0 while there is none."""
    return registry.get_sample_value(name, labels) or 0.0


def tell(**what: float) -> None:
    """Write one JSON line."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--aps", required=True, type=int)
    parser.add_argument("--core", required=True, type=int)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    configure_logging("error", "json", "benchmark")
    uvloop.run(run(given.data_dir, given.aps))


if __name__ == "__main__":
    main()
