from datetime import timedelta

import sqlalchemy as sa

from captive_portal.gateway import repository
from captive_portal.gateway.gate.base import Totals
from captive_portal.gateway.repository import LeaseRow
from controller.models import Gateway, Lease, NetSession
from tests.factories.gateway import ANNA, BORIS


async def test_enrols_once_and_reports(parts, clock):
    await parts.enrol()
    clock.advance(5)
    async with parts.database.transaction() as tx:
        await repository.report(tx, gateway_id="gw-1", clients=7, now=clock.now())
    await parts.enrol()  # a restart does not forget the clients
    async with parts.database.reading() as tx:
        row = (await tx.scalars(sa.select(Gateway))).one()
    assert (row.clients, row.lan_cidr, row.last_seen_at) == (7, "10.77.0.0/16", clock.now())


async def test_lists_open_sessions_with_their_rates(parts, clock):
    session = await parts.log_in(rate_down_kbps=8)
    other = await parts.log_in(BORIS, "+79991234568", rate_down_kbps=8)
    await parts.end(other.id)
    async with parts.database.reading() as tx:
        (found,) = await repository.list_open(tx, "gw-1")
        assert await repository.find_open(tx, "gw-1", [session.id, other.id, "none"]) == [found]
        assert await repository.list_open(tx, "gw-2") == []
    assert (found.id, found.client, found.rate_down, found.rate_up) == (session.id, ANNA, 1000, None)
    assert (found.interim_s, found.last_interim_at) == (300, session.started_at)


async def test_a_session_without_an_ipv4_address_is_not_for_the_gate(parts):
    session = await parts.log_in()
    async with parts.database.transaction() as tx:
        await tx.execute(sa.update(NetSession).where(NetSession.id == session.id).values(ip=""))
        assert await repository.list_open(tx, "gw-1") == []


async def test_leases_are_put_removed_and_purged(parts, clock):
    now = clock.now()
    rows = [LeaseRow(client, now, now + timedelta(seconds=9)) for client in (ANNA, BORIS)]
    async with parts.database.transaction() as tx:
        await repository.put_leases(tx, "gw-1", rows)
        await repository.put_leases(tx, "gw-1", rows)
        await repository.remove_leases(tx, "gw-1", [ANNA])
        assert (await tx.scalars(sa.select(Lease.ip))).all() == [BORIS.ip]
        await repository.purge_leases(tx, "gw-1", now + timedelta(seconds=10))
        assert (await tx.scalars(sa.select(Lease.ip))).all() == []


async def test_marks_are_kept_by_session_and_address(parts, clock):
    session = await parts.log_in()
    marks = {(session.id, ANNA.ip): Totals(1, 2, 3, 2**40)}
    async with parts.database.transaction() as tx:
        await repository.put_marks(tx, "gw-1", {(session.id, ANNA.ip): Totals()})
        await repository.put_marks(tx, "gw-1", marks)
        assert await repository.list_marks(tx, "gw-1") == marks
        await repository.purge_marks(tx, "gw-1", clock.now())
        assert await repository.list_marks(tx, "gw-1") == marks
