"""The fleet's control: JSON lines in on standard input, JSON lines out on standard output.

In: `{"do":"power","on":false,"district":"arbat"}`, `{"do":"flood","seconds":10,"rate":3000}`,
`{"do":"progress"}`, `{"do":"quit"}`; the end of the input is `quit`, so a fleet never outlives the
city that started it. Out: `progress` every second and on request, `done` with a count after each
command, `certificates` while they are issued, `error` for a line that is not understood.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from controller.city.fleet.fleet import Fleet, Progress

PROGRESS_EVERY_S = 1.0


class Power(msgspec.Struct, frozen=True, tag_field="do", tag="power"):
    """Cut or restore the power of a district, or of all."""

    on: bool
    district: str | None = None
    at_once: bool = False


class Flood(msgspec.Struct, frozen=True, tag_field="do", tag="flood"):
    """Report for `seconds`, `rate` states a second over all, 0 as fast as taken."""

    seconds: float
    rate: float = 0.0


class AskProgress(msgspec.Struct, frozen=True, tag_field="do", tag="progress"):
    """Tell the counts now."""


class Quit(msgspec.Struct, frozen=True, tag_field="do", tag="quit"):
    """Drop all connections and end."""


Order: TypeAlias = Power | Flood | AskProgress | Quit


class Certificates(msgspec.Struct, frozen=True, tag_field="event", tag="certificates"):
    """How many of the city's certificates have been issued in this start."""

    issued: int
    of: int


class Done(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """An order was carried out; `count` access points switched or states sent."""

    do: str
    count: int


class Problem(msgspec.Struct, frozen=True, tag_field="event", tag="error"):
    """A line that was not understood."""

    text: str


Report: TypeAlias = Progress | Certificates | Done | Problem

_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_encoder = msgspec.json.Encoder()
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def parse_report(line: bytes) -> Report:
    """Read one line of the fleet's output; raises msgspec.DecodeError."""
    return _reports.decode(line)


def encode_order(order: Order) -> bytes:
    """One line of input for the fleet."""
    return _encoder.encode(order) + b"\n"


def write_report(report: Report) -> None:
    """Write one line to standard output."""
    sys.stdout.buffer.write(_encoder.encode(report) + b"\n")
    sys.stdout.buffer.flush()


async def obey(fleet: Fleet, orders: asyncio.StreamReader, report: Callable[[Report], None]) -> None:
    """Carry out orders until `quit` or the end of input, reporting progress every second."""
    ticker = asyncio.create_task(_tick(fleet, report))
    floods: set[asyncio.Task[None]] = set()
    try:
        while line := await orders.readline():
            try:
                order = _orders.decode(line)
            except msgspec.DecodeError as error:
                report(Problem(str(error)))
                continue
            if isinstance(order, Quit):
                return
            if isinstance(order, Flood):
                task = asyncio.create_task(_flood(fleet, order, report))
                floods.add(task)
                task.add_done_callback(floods.discard)
            elif isinstance(order, Power):
                count = fleet.set_power(on=order.on, district=order.district, at_once=order.at_once)
                report(Done("power", count))
            else:
                report(fleet.progress())
    finally:
        ticker.cancel()
        for task in floods:
            task.cancel()
        await asyncio.gather(ticker, *floods, return_exceptions=True)
        fleet.set_power(on=False)


async def _flood(fleet: Fleet, order: Flood, report: Callable[[Report], None]) -> None:
    report(Done("flood", await fleet.flood(order.seconds, rate=order.rate)))


async def _tick(fleet: Fleet, report: Callable[[Report], None]) -> None:
    while True:
        report(fleet.progress())
        await asyncio.sleep(PROGRESS_EVERY_S)
