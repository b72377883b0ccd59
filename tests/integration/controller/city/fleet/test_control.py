"""Orders come in as JSON lines and are carried out on a live fleet."""

import asyncio
import json

from controller.city.fleet.control import (
    AskProgress,
    Done,
    Flood,
    Power,
    Problem,
    Quit,
    encode_order,
    obey,
    parse_report,
)
from controller.city.fleet.fleet import Progress
from tests.eventually import eventually
from tests.integration.controller.city.fleet.conftest import APS


async def test_orders_are_carried_out_and_the_end_of_input_ends_the_fleet(fleet, channel) -> None:
    orders, reports = asyncio.StreamReader(), []
    obeying = asyncio.create_task(obey(fleet, orders, reports.append))
    orders.feed_data(encode_order(Power(on=True, at_once=True)))
    await eventually(lambda: fleet.progress().configured == APS)
    assert Done("power", APS) in reports
    orders.feed_data(encode_order(Flood(seconds=0.3)) + b'{"do":"dance"}\nnot json\n')
    await eventually(lambda: any(one.do == "flood" for one in reports if isinstance(one, Done)))
    assert sum(isinstance(one, Problem) for one in reports) == 2
    before = sum(isinstance(one, Progress) for one in reports)
    orders.feed_data(encode_order(AskProgress()))
    await eventually(lambda: sum(isinstance(one, Progress) for one in reports) > before)
    orders.feed_eof()
    await asyncio.wait_for(obeying, 5)
    assert fleet.totals.connected == 0


async def test_quit_ends_even_while_reporting(fleet, channel) -> None:
    orders, reports = asyncio.StreamReader(), []
    orders.feed_data(encode_order(Flood(seconds=60.0)) + encode_order(Quit()))
    await asyncio.wait_for(obey(fleet, orders, reports.append), 5)


def test_reports_are_read_back() -> None:
    assert parse_report(b'{"event":"done","do":"power","count":3}') == Done("power", 3)
    progress = Progress(*range(12), {"restart": 1})
    line = json.dumps(
        {"event": "progress", **{name: getattr(progress, name) for name in progress.__struct_fields__}}
    )
    assert parse_report(line.encode()) == progress
