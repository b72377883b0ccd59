"""What is done now and then, on SQLite and PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from controller.core.ids import new_id
from controller.models import RadiusDecision, SetAside
from radius.journal.decisions import DecisionRecord
from radius.journal.housekeeping import Housekeeping, Patience
from radius.journal.metrics import ApplierMetrics
from radius.journal.repository import Aside, add_decisions, set_aside
from radius.legs import stale
from tests.eventually import eventually

PATIENCE = Patience(
    ap_down=timedelta(seconds=420),
    silent=timedelta(seconds=900),
    decisions=timedelta(days=7),
    asides=timedelta(days=90),
)


@pytest.fixture
def make(database, clock, metrics):
    def made(patience=PATIENCE, *, behind_s=0.0, every_s=30.0):
        return Housekeeping(
            database, clock, patience, metrics=ApplierMetrics(metrics.tally, CollectorRegistry(), metrics),
            backlog_age_s=lambda: behind_s, every_s=every_s,
        )  # fmt: skip

    return made


@pytest.fixture
def ended(monkeypatch):
    """What was asked to end; one session each time."""
    asked = []

    async def cut_off(_tx, **values):
        asked.append(("ap-down", values))
        return 1

    async def silent(_tx, **values):
        asked.append(("silent", values))
        return 1

    monkeypatch.setattr(stale, "end_cut_off", cut_off)
    monkeypatch.setattr(stale, "end_silent", silent)
    return asked


async def test_old_decisions_and_records_go(database, clock, make):
    old, new = clock.now() - timedelta(days=8), clock.now() - timedelta(days=6)
    async with database.transaction() as tx:
        await add_decisions(
            tx, [(at, DecisionRecord("nas", "accept", session_id=new_id())) for at in (old, new)]
        )
        await set_aside(
            tx, [Aside(at - timedelta(days=83), "accounting", "", "", "x", b"") for at in (old, new)]
        )
    await make().look()
    async with database.reading() as tx:
        assert list(await tx.scalars(sa.select(RadiusDecision.at))) == [new]
        assert list(await tx.scalars(sa.select(SetAside.at))) == [new - timedelta(days=83)]


async def test_stale_sessions_are_ended_and_counted(clock, make, ended, counted):
    keeper = make()
    started = clock.now()
    clock.advance(1000)
    await keeper.look()
    assert ended == [
        ("ap-down", {"now": clock.now(), "grace": PATIENCE.ap_down}),
        ("silent", {"now": clock.now(), "since": started, "least": PATIENCE.silent}),
    ]
    assert counted("kolco_radius_stale_sessions", "ap-down") == 1
    assert counted("kolco_radius_stale_sessions", "silent") == 1


async def test_silence_says_nothing_while_records_wait(make, ended):
    await make(behind_s=31.0).look()
    assert ended == []


async def test_what_is_switched_off_is_not_done(make, ended):
    never = timedelta(0)
    await make(Patience(never, never, PATIENCE.decisions, PATIENCE.asides)).look()
    assert ended == []


async def test_it_goes_on(make, ended):
    running = asyncio.create_task(make(every_s=0.01).run())
    await eventually(lambda: len(ended) >= 4)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
