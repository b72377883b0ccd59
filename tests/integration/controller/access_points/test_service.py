"""The inventory in a real database: events, and two who add the same AP."""

import asyncio
import json

import sqlalchemy as sa

from controller.access_points import service
from controller.access_points.types import ApChanges, NewAccessPoint
from controller.core.errors import ConflictError
from controller.core.outbox import OutboxRow
from controller.operators.types import Actor
from tests.factories.inventory import ARBAT, NOW, add_ap, add_places, mac_of, serial_of

ACTOR = Actor("x", "anna", "engineer")


def new(number: int) -> NewAccessPoint:
    serial = serial_of(number)
    return NewAccessPoint(serial, f"ap-{number}", mac_of(serial), "", "arbat-1", *ARBAT)


async def test_every_change_says_which_ap(database):
    await add_places(database)
    serial = await add_ap(database, 1, state="planned")
    async with database.transaction() as tx:
        await service.adopt(tx, serial, actor=ACTOR, now=NOW)
        await service.adopt(tx, serial, actor=ACTOR, now=NOW)
        await service.change(tx, serial, ApChanges(name="x"), actor=ACTOR, now=NOW)
        await service.retire(tx, serial, actor=ACTOR, now=NOW)
        await service.create(tx, new(2), actor=ACTOR, now=NOW)
    async with database.reading() as tx:
        rows = await tx.execute(sa.select(OutboxRow.topic, OutboxRow.payload).order_by(OutboxRow.id))
        events = [(topic, json.loads(payload)["serial"]) for topic, payload in rows]
    assert events == [("access_point.changed", serial)] * 3 + [("access_point.changed", serial_of(2))]


async def test_two_who_add_the_same_ap(database):
    await add_places(database)

    async def add() -> str:
        try:
            async with database.transaction() as tx:
                await service.create(tx, new(1), actor=ACTOR, now=NOW)
        except ConflictError:
            return "conflict"
        return "added"

    assert sorted(await asyncio.gather(add(), add(), add())) == ["added", "conflict", "conflict"]


def test_references():
    assert service.find_serial("02-C0-DE-00-00-01") == "02c0de000001"
    assert service.find_serial("Арбат, 5") is None
