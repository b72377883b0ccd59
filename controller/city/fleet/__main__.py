"""`python -m controller.city.fleet`: the simulated access points in a process of their own.

The city's supervisor starts it and speaks to it by :mod:`controller.city.fleet.control`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from controller.city.fleet.agent import BACKOFF_STEP_S, Pace
from controller.city.fleet.certificates import issue_certificates
from controller.city.fleet.control import Certificates, obey, write_report
from controller.city.fleet.fleet import HANDSHAKES_AT_ONCE, Fleet, FleetOptions
from controller.city.plan import City, plan_city
from controller.core.clock import SystemClock
from controller.core.limits import allow_open_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a fleet until standard input ends; returns the exit code."""
    given = _parser().parse_args(arguments)
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    allow_open_files()
    clock = SystemClock()
    city = plan_city(given.seed, given.aps)
    write_report(Certificates(0, len(city.aps)))
    issued = issue_certificates(
        given.data_dir,
        [ap.serial for ap in city.aps],
        now=clock.now(),
        progress=lambda issued: write_report(Certificates(issued, len(city.aps))),
    )
    write_report(Certificates(issued, len(city.aps)))
    options = FleetOptions(
        url=given.url,
        data_dir=given.data_dir,
        pace=Pace(state_interval_s=given.state_interval, backoff_step_s=given.backoff),
        handshakes_at_once=given.handshakes,
        hour=given.hour,
    )
    uvloop.run(_run(city, options, clock, dark=given.dark))
    return 0


async def _run(city: City, options: FleetOptions, clock: SystemClock, *, dark: bool) -> None:
    fleet = Fleet(city, options, clock)
    # The access points live as long as the process: the collector need not look at them again.
    gc.collect()
    gc.freeze()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader),
        sys.stdin.buffer,
    )
    if not dark:
        fleet.set_power(on=True, at_once=True)
    await obey(fleet, reader, write_report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m controller.city.fleet", description=__doc__)
    parser.add_argument("--url", required=True, help="the controller, wss://host:port/")
    parser.add_argument("--data-dir", required=True, type=Path, help="holds pki/ and the certificates")
    parser.add_argument("--aps", required=True, type=int, help="number of access points")
    parser.add_argument("--seed", default=1, type=int, help="the city's seed")
    parser.add_argument("--state-interval", type=float, help="seconds; overrides the configuration's")
    parser.add_argument("--backoff", default=BACKOFF_STEP_S, type=float, help="seconds a failed attempt")
    parser.add_argument("--handshakes", default=HANDSHAKES_AT_ONCE, type=int, help="at the same time")
    parser.add_argument("--hour", type=float, help="freeze the hour of the day, 0 to 24")
    parser.add_argument("--core", type=int, help="run on this CPU core only")
    parser.add_argument("--dark", action="store_true", help="wait for an order before switching on")
    return parser


if __name__ == "__main__":
    sys.exit(main())
