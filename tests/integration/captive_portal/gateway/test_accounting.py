from captive_portal.gateway.accounting import closed_ledgers
from captive_portal.gateway.gate.base import Ledger, Totals
from controller.sessions import service as sessions
from tests.factories.gateway import ANNA, BORIS


async def open_session(parts, client=ANNA, phone="+79991234567", **plan):
    session = await parts.log_in(client, phone, **plan)
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    return session


async def totals(parts, session_id):
    session = await parts.session(session_id)
    return Totals(session.up_bytes, session.down_bytes, session.up_packets, session.down_packets)


async def records(parts, session_id):
    async with parts.database.reading() as tx:
        return [(row.kind, row.down_bytes) for row in await sessions.list_records(tx, session_id)]


async def test_growth_is_added_once(parts):
    session = await open_session(parts)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.accountant.poll()
    await parts.accountant.poll()
    assert await totals(parts, session.id) == Totals(100, 200, 1, 2)
    assert parts.sample("bytes_total", direction="down") == 200


async def test_a_restart_neither_loses_nor_doubles(parts):
    session = await open_session(parts)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.accountant.poll()
    parts.gate.pass_traffic(ANNA, Totals(1, 2, 1, 2))
    parts.restart()  # killed between two readings
    parts.gate.pass_traffic(ANNA, Totals(10, 20, 1, 2))
    await parts.accountant.load()
    await parts.keeper.reconcile()
    await parts.accountant.poll()
    assert await totals(parts, session.id) == Totals(111, 222, 3, 6)


async def test_a_reboot_does_not_count_the_old_bytes_again(parts):
    session = await open_session(parts)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.accountant.poll()
    await parts.gate.teardown()
    parts.restart()
    await parts.accountant.load()
    await parts.keeper.reconcile()
    parts.gate.pass_traffic(ANNA, Totals(1, 2, 1, 2))
    await parts.accountant.poll()
    assert await totals(parts, session.id) == Totals(101, 202, 2, 4)


async def test_killed_between_the_end_and_the_last_reading(parts):
    session = await open_session(parts)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.end(session.id)
    parts.restart()
    await parts.accountant.load()
    await parts.keeper.reconcile()
    ledgers = await parts.accountant.poll()
    await parts.keeper.settle(closed_ledgers(ledgers, parts.keeper.holds))
    assert await totals(parts, session.id) == Totals(100, 200, 1, 2)
    assert await records(parts, session.id) == [("start", 0), ("stop", 200)]
    assert await parts.gate.ledgers() == []


async def test_a_session_that_comes_back_to_an_address_goes_on_from_its_mark(parts):
    session = await open_session(parts)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.gate.close([ANNA])
    ledgers = await parts.gate.ledgers()
    await parts.accountant.close_books(ledgers)
    await parts.gate.forget(ledgers)
    assert parts.accountant.carried(session.id, ANNA.ip) == Totals(100, 200, 1, 2)
    await parts.keeper.reconcile()
    parts.gate.pass_traffic(ANNA, Totals(1, 2, 1, 2))
    await parts.accountant.poll()
    assert await totals(parts, session.id) == Totals(101, 202, 2, 4)


async def test_a_spent_quota_ends_the_session(parts):
    session = await open_session(parts, quota_bytes=250)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.accountant.poll()
    assert (await parts.session(session.id)).end_reason == "quota"


async def test_interim_records_come_at_the_plans_interval(parts):
    session = await open_session(parts, interim_s=300)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    await parts.accountant.poll()
    await parts.accountant.interim(parts.keeper.open_sessions().values())
    assert await records(parts, session.id) == [("start", 0)]
    parts.clock.advance(301)
    await parts.accountant.interim(parts.keeper.open_sessions().values())
    await parts.accountant.interim(parts.keeper.open_sessions().values())
    assert await records(parts, session.id) == [("start", 0), ("interim", 200)]


async def test_counters_of_an_unknown_session_stop_nobody(parts):
    session = await open_session(parts)
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    stray = Ledger("no-such-session", BORIS.ip, BORIS.mac, Totals(1, 1, 1, 1))
    await parts.accountant.account([stray, *await parts.gate.ledgers()])
    assert await totals(parts, session.id) == Totals(100, 200, 1, 2)


async def test_marks_of_ended_sessions_are_purged(parts):
    ended = await open_session(parts)
    stays = await open_session(parts, BORIS, "+79991234568")
    for client in (ANNA, BORIS):
        parts.gate.pass_traffic(client, Totals(1, 1, 1, 1))
    await parts.accountant.poll()
    await parts.end(ended.id)
    parts.clock.advance(3601)
    await parts.accountant.purge()
    assert parts.accountant.carried(ended.id, ANNA.ip) == Totals()
    assert parts.accountant.carried(stays.id, BORIS.ip) == Totals(1, 1, 1, 1)
