from dataclasses import replace

import pytest

from captive_portal.gateway.gate.base import Client, Totals
from controller.core.errors import UnavailableError
from controller.core.mac import Mac
from controller.sessions import service as sessions
from controller.sessions.events import SessionEnded, SessionMoved, SessionStarted
from tests.factories.gateway import ANNA, BORIS


class Recorder:
    """A bus that only takes subscriptions."""

    def __init__(self):
        self.handlers = {}

    def subscribe(self, event_type, handler):
        self.handlers[event_type] = handler

    def on_gap(self, callback):
        self.gap = callback


async def test_a_session_opens_and_its_end_closes(parts):
    session = await parts.log_in(rate_down_kbps=8_000, rate_up_kbps=800)
    assert not parts.keeper.is_open(ANNA)
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    assert parts.keeper.is_open(ANNA)
    assert parts.keeper.is_online(ANNA.mac)
    assert parts.gate.is_open(ANNA)
    installed = parts.gate._passes[ANNA]
    assert (installed.rate_down, installed.rate_up) == (1_000_000, 100_000)
    assert installed.remaining_s == 86_400
    await parts.end(session.id)
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    assert not parts.gate.is_open(ANNA)
    assert not parts.keeper.is_online(ANNA.mac)
    assert (parts.sample("opens_total"), parts.sample("closes_total")) == (1, 1)
    assert parts.sample("sessions_open") == 0
    assert parts.sample("open_latency_seconds_count") == 2


async def test_events_only_say_where_to_look(parts):
    bus = Recorder()
    parts.keeper.subscribe(bus)
    session = await parts.log_in()
    await parts.end(session.id)
    late = SessionStarted(session.id, ANNA.mac, ANNA.ip, "gw-1", 2e9, 60, None, None)
    await bus.handlers[SessionStarted](late)  # a start that is heard after the end opens nothing
    await parts.keeper.work_off()
    assert not parts.gate.is_open(ANNA)
    other = replace(late, gateway_id="gw-2")
    await bus.handlers[SessionStarted](other)
    assert not parts.keeper._pending
    assert bus.gap == parts.keeper.reconcile


async def test_a_session_that_moves_away_closes_here(parts):
    bus = Recorder()
    parts.keeper.subscribe(bus)
    session = await parts.log_in()
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    async with parts.database.transaction() as tx:
        await sessions.resume_known(
            tx,
            mac=ANNA.mac,
            ip="10.78.0.5",
            gateway_id="gw-2",
            now=parts.clock.now(),
            directory=parts.directory,
        )
    await bus.handlers[SessionMoved](SessionMoved(session.id, ANNA.mac, "10.78.0.5", "gw-2", "gw-1"))
    await parts.keeper.work_off()
    assert not parts.gate.is_open(ANNA)


async def test_a_session_that_gets_another_address_moves_in_the_gate(parts):
    session = await parts.log_in()
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    elsewhere = Client("10.77.1.9", ANNA.mac)
    async with parts.database.transaction() as tx:
        await sessions.resume_known(
            tx,
            mac=ANNA.mac,
            ip=elsewhere.ip,
            gateway_id="gw-1",
            now=parts.clock.now(),
            directory=parts.directory,
        )
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    assert not parts.gate.is_open(ANNA)
    assert parts.gate.is_open(elsewhere)
    assert parts.keeper.is_online(ANNA.mac)
    assert parts.keeper.holds(session.id, elsewhere.ip)
    assert not parts.keeper.holds(session.id, ANNA.ip)


async def test_an_end_of_a_session_that_is_open_here_is_heard_whoever_says_it(parts):
    bus = Recorder()
    parts.keeper.subscribe(bus)
    session = await parts.log_in()
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    await parts.end(session.id)
    await bus.handlers[SessionEnded](SessionEnded(session.id, ANNA.mac, ANNA.ip, None, None, "admin"))
    await parts.keeper.work_off()
    assert not parts.gate.is_open(ANNA)


async def test_an_address_that_passes_to_another_session_keeps_both_books_right(parts):
    first = await parts.log_in()
    parts.keeper.refresh(first.id)
    await parts.keeper.work_off()
    parts.gate.pass_traffic(ANNA, Totals(100, 200, 1, 2))
    second = await parts.log_in()  # the same device logs in again: the first session is replaced
    parts.keeper.refresh(second.id)  # and the gateway hears of the new one first
    await parts.keeper.work_off()
    parts.keeper.refresh(first.id)
    await parts.keeper.work_off()
    assert parts.keeper.is_open(ANNA)
    parts.gate.pass_traffic(ANNA, Totals(10, 20, 1, 2))
    await parts.accountant.poll()
    assert (await parts.session(first.id)).down_bytes == 200
    assert (await parts.session(second.id)).down_bytes == 20


async def test_an_address_that_passes_to_another_device_is_held_by_the_newer_one(parts):
    heir = Client(ANNA.ip, BORIS.mac)
    old = await parts.log_in(ANNA)
    parts.keeper.refresh(old.id)
    await parts.keeper.work_off()
    new = await parts.log_in(heir, "+79991234568")
    parts.keeper.refresh(new.id)
    await parts.keeper.work_off()
    assert parts.keeper.is_open(heir)
    assert not parts.keeper.is_open(ANNA)
    assert not parts.gate.is_open(ANNA)
    parts.keeper.refresh(old.id)  # it is open in the database still, and heard of again
    await parts.keeper.work_off()
    assert parts.gate.is_open(heir)
    assert not parts.gate.is_open(ANNA)
    await parts.end(old.id)
    parts.keeper.refresh(old.id)
    await parts.keeper.work_off()
    await parts.keeper.reconcile()
    assert parts.gate.is_open(heir)
    parts.gate.pass_traffic(heir, Totals(1, 2, 3, 4))
    await parts.accountant.poll()
    assert (await parts.session(new.id)).down_packets == 4
    assert (await parts.session(old.id)).down_packets == 0


async def test_a_device_that_logs_in_again_passes_without_a_gap(parts, monkeypatch):
    first = await parts.log_in()
    parts.keeper.refresh(first.id)
    await parts.keeper.work_off()
    closed = []
    close = parts.gate.close

    async def record(clients):
        closed.extend(clients)
        await close(clients)

    monkeypatch.setattr(parts.gate, "close", record)
    second = await parts.log_in()
    for session in (first, second):
        parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    assert closed == []
    assert parts.keeper.is_open(ANNA)
    assert set(parts.keeper.open_sessions()) == {second.id}


async def test_after_a_restart_the_gate_is_rebuilt_from_the_database(parts):
    stays = await parts.log_in(ANNA)
    ended = await parts.log_in(BORIS, "+79991234568")
    for session in (stays, ended):
        parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    await parts.end(ended.id)
    parts.restart()
    await parts.accountant.load()
    await parts.keeper.reconcile()
    assert parts.gate.is_open(ANNA)
    assert not parts.gate.is_open(BORIS)
    assert parts.keeper.is_open(ANNA)
    assert parts.sample("reconcile_differences_total", kind="closed") == 1
    assert parts.sample("reconcile_differences_total", kind="opened") == 0
    await parts.gate.teardown()  # the machine was rebooted
    await parts.keeper.reconcile()
    assert parts.gate.is_open(ANNA)
    assert parts.sample("reconcile_differences_total", kind="opened") == 1


async def test_a_session_whose_time_is_over_is_not_open(parts):
    session = await parts.log_in(session_timeout_s=60)
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    parts.clock.advance(61)
    assert not parts.keeper.is_open(ANNA)
    await parts.keeper.expire()
    await parts.keeper.work_off()
    assert not parts.gate.is_open(ANNA)
    assert parts.sample("sessions_open") == 0


async def test_what_could_not_be_done_is_done_later(parts, monkeypatch):
    session = await parts.log_in()
    parts.keeper.refresh(session.id)

    async def refuse(_passes):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(parts.gate, "open", refuse)
        with pytest.raises(OSError):  # noqa: PT011
            await parts.keeper.work_off()
    await parts.keeper.work_off()
    assert parts.gate.is_open(ANNA)


async def test_what_changes_while_the_kernel_is_read_is_not_taken_for_a_difference(parts, monkeypatch):
    leaves = await parts.log_in(ANNA)
    parts.keeper.refresh(leaves.id)
    await parts.keeper.work_off()
    snapshot = parts.gate.snapshot

    async def slow():
        taken = await snapshot()
        await parts.end(leaves.id)
        comes = await parts.log_in(BORIS, "+79991234568")
        for session in (leaves, comes):
            parts.keeper.refresh(session.id)
        await parts.keeper.work_off()
        return taken

    monkeypatch.setattr(parts.gate, "snapshot", slow)
    await parts.keeper.reconcile()
    assert parts.keeper.is_open(BORIS)
    assert not parts.gate.is_open(ANNA)
    assert (parts.sample("opens_total"), parts.sample("closes_total")) == (2, 1)
    for kind in ("opened", "closed", "renewed"):
        assert parts.sample("reconcile_differences_total", kind=kind) == 0


async def test_one_refused_client_does_not_keep_the_others_out(parts, monkeypatch):
    sessions_ = [await parts.log_in(ANNA), await parts.log_in(BORIS, "+79991234568")]
    let_in = parts.gate.open

    async def refuse_anna(passes):
        if any(entry.client == ANNA for entry in passes):
            raise UnavailableError("the set is full")
        await let_in(passes)

    with monkeypatch.context() as patch:
        patch.setattr(parts.gate, "open", refuse_anna)
        for session in sessions_:
            parts.keeper.refresh(session.id)
        await parts.keeper.work_off()
        assert parts.keeper.is_open(BORIS)
        assert not parts.keeper.is_open(ANNA)
        assert parts.sample("gate_errors_total") == 1
        await parts.keeper.reconcile()
        assert not parts.keeper.is_open(ANNA)
    await parts.keeper.reconcile()
    assert parts.keeper.is_open(ANNA)


async def test_closed_books_are_settled_and_forgotten(parts):
    session = await parts.log_in()
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    parts.gate.pass_traffic(ANNA, Totals(1, 2, 3, 4))
    ledgers = await parts.gate.ledgers()
    await parts.keeper.settle(ledgers)
    assert len(await parts.gate.ledgers()) == 1  # it is open: left alone
    await parts.end(session.id)
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    await parts.keeper.settle(ledgers)
    assert await parts.gate.ledgers() == []
    assert (await parts.session(session.id)).down_packets == 4


async def test_a_mac_is_told_by_its_canonical_form(parts):
    session = await parts.log_in(Client("10.77.1.7", Mac("0a:00:5e:00:00:ff")))
    parts.keeper.refresh(session.id)
    await parts.keeper.work_off()
    assert parts.keeper.is_open(Client("10.77.1.7", Mac("0a:00:5e:00:00:ff")))
