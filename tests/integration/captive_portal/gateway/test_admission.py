from datetime import timedelta

import pytest
import sqlalchemy as sa

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.leases import Lease, LeaseChange, LeaseNote
from controller.models import Lease as LeaseModel
from tests.factories.gateway import ANNA, BORIS
from tests.factories.people import make_citizen


def note(client, clock, change=LeaseChange.ADDED):
    return LeaseNote(change, Lease(client, clock.now() + timedelta(hours=1)))


async def rows(parts):
    async with parts.database.reading() as tx:
        found = await tx.execute(sa.select(LeaseModel.ip, LeaseModel.mac).order_by(LeaseModel.ip))
        return [tuple(row) for row in found]


async def settle(parts):
    await parts.admission.work_off()
    await parts.keeper.work_off()


async def test_a_lease_is_stored_and_bound(parts, clock):
    parts.admission.hear_lease(note(ANNA, clock))
    await settle(parts)
    assert await rows(parts) == [(ANNA.ip, ANNA.mac)]
    assert (await parts.gate.snapshot()).bindings == {ANNA.ip: ANNA.mac}
    assert parts.admission.find(ANNA.ip) == ANNA
    assert parts.sample("leases") == 1
    parts.admission.hear_lease(note(ANNA, clock, LeaseChange.DELETED))
    await settle(parts)
    assert await rows(parts) == []
    assert (await parts.gate.snapshot()).bindings == {}


async def test_an_address_passes_to_another_client(parts, clock):
    heir = Client(ANNA.ip, BORIS.mac)
    for change in (note(ANNA, clock), note(heir, clock), note(ANNA, clock, LeaseChange.DELETED)):
        parts.admission.hear_lease(change)
        await settle(parts)
    assert await rows(parts) == [(ANNA.ip, BORIS.mac)]
    assert (await parts.gate.snapshot()).bindings == {ANNA.ip: BORIS.mac}


async def test_a_known_device_is_let_in_with_no_page(parts, clock):
    await make_citizen(parts.database, parts.directory, now=clock.now(), mac=ANNA.mac)
    for client in (ANNA, BORIS):
        parts.admission.hear_lease(note(client, clock))
    await settle(parts)
    assert parts.gate.is_open(ANNA)
    assert not parts.gate.is_open(BORIS)
    assert parts.sample("known_devices_total") == 1


async def test_it_is_known_for_a_day_only(parts, clock):
    await make_citizen(parts.database, parts.directory, now=clock.now(), mac=ANNA.mac)
    clock.advance(86_401)
    parts.admission.hear_lease(note(ANNA, clock))
    await settle(parts)
    assert not parts.gate.is_open(ANNA)


async def test_a_neighbour_without_a_lease_counts_too(parts, clock):
    await make_citizen(parts.database, parts.directory, now=clock.now(), mac=ANNA.mac)
    parts.admission.see_neighbour(ANNA, True)
    parts.admission.see_neighbour(Client("192.0.2.1", ANNA.mac), True)
    await settle(parts)
    assert parts.gate.is_open(ANNA)
    assert await rows(parts) == [(ANNA.ip, ANNA.mac)]


async def test_hearsay_does_not_move_an_open_session(parts, clock):
    session = await parts.log_in()
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    left = Client("10.77.1.99", ANNA.mac)
    parts.admission.see_neighbour(left, True)
    parts.admission.hear_lease(note(left, clock, LeaseChange.KEPT))
    await settle(parts)
    assert parts.gate.is_open(ANNA)
    parts.admission.hear_lease(note(left, clock))  # a new lease is no hearsay
    await settle(parts)
    assert parts.gate.is_open(left)
    assert not parts.gate.is_open(ANNA)


async def test_a_captive_that_asks_is_looked_up_now_and_then(parts, clock):
    parts.admission.see_captive(ANNA)
    await settle(parts)
    await make_citizen(parts.database, parts.directory, now=clock.now(), mac=ANNA.mac)
    parts.admission.see_captive(ANNA)
    await settle(parts)
    assert not parts.gate.is_open(ANNA)
    clock.advance(21)
    parts.admission.see_captive(ANNA)
    await settle(parts)
    assert parts.gate.is_open(ANNA)


async def test_starts_from_the_lease_file(parts, clock):
    await parts.gate.bind({"10.77.1.50": BORIS.mac})
    await parts.admission.start([Lease(ANNA, None), Lease(Client("192.0.2.1", BORIS.mac), None)])
    assert (await parts.gate.snapshot()).bindings == {ANNA.ip: ANNA.mac}
    assert parts.admission.find(ANNA.ip) == ANNA
    assert [row[0] for row in await rows(parts)] == [ANNA.ip]


async def test_leases_that_ran_out_are_tidied(parts, clock):
    parts.admission.hear_lease(note(ANNA, clock))
    await settle(parts)
    clock.advance(3601)
    await parts.admission.tidy()
    assert parts.admission.find(ANNA.ip) is None
    assert (await parts.gate.snapshot()).bindings == {}
    assert len(await rows(parts)) == 1
    clock.advance(86_400)
    await parts.admission.tidy()
    assert await rows(parts) == []


async def test_what_failed_is_not_lost(parts, clock, monkeypatch):
    parts.admission.hear_lease(note(ANNA, clock))

    async def refuse(_bindings):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(parts.gate, "bind", refuse)
        with pytest.raises(OSError):  # noqa: PT011
            await parts.admission.work_off()
    await settle(parts)
    assert await rows(parts) == [(ANNA.ip, ANNA.mac)]
