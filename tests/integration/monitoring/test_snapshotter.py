"""The page from a real database, and what stays when the database goes."""

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from controller.core.db import Database
from controller.models import Base, NetSession
from monitoring.metrics import CATALOGUE
from monitoring.snapshotter import MonitorMetrics, Snapshotter
from tests.factories.city_rows import add_city, add_session


def make(database, clock):
    registry = CollectorRegistry()
    return registry, Snapshotter(database, clock, MonitorMetrics(registry), interval_s=15, silent_after_s=200)


def samples(page: bytes) -> dict[str, list]:
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(page.decode())
    }


async def test_pages_follow_the_database(database, clock):
    await add_city(database, clock.now())
    session = await add_session(database, clock.now(), 1)
    registry, snapshotter = make(database, clock)
    assert not snapshotter.has_page
    assert await snapshotter.refresh()
    first = samples(snapshotter.page.plain)
    assert sorted(value for _, value in first["wlan_ap_up"]) == [0, 1, 1, 1, 1, 1]
    assert [value for _, value in first["wlan_sessions_open"]] == [1]
    assert [value for _, value in first["wlan_session_starts"]] == [0]
    assert registry.get_sample_value("kolco_monitor_snapshot_samples") == snapshotter.page.samples > 100

    clock.advance(15)
    async with database.transaction() as tx:
        row = await tx.get(NetSession, session)
        row.up_bytes, row.ended_at, row.end_reason = 1500, clock.now(), "user-request"
    await add_session(database, clock.now(), 2)
    for _ in range(3):  # a new series starts at zero
        assert await snapshotter.refresh()
    second = samples(snapshotter.page.plain)
    place = {"site": "park", "district": "tverskoy", "gateway": "gw-park"}
    assert ({**place, "method": "sms"}, 1) in second["wlan_session_starts"]
    assert ({**place, "reason": "user-request"}, 1) in second["wlan_session_ends"]
    assert ({**place, "direction": "up"}, 1500) in second["wlan_session_bytes"]


async def test_the_last_good_page_stays_while_the_database_is_away(database, clock):
    await add_city(database, clock.now())
    registry, snapshotter = make(database, clock)
    await snapshotter.refresh()
    page = snapshotter.page
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    clock.advance(100)
    assert not await snapshotter.refresh()
    assert not await snapshotter.refresh()
    assert snapshotter.page is page
    assert registry.get_sample_value("kolco_monitor_snapshot_age_seconds") == 100
    assert registry.get_sample_value("kolco_monitor_snapshot_failures_total") == 2

    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    assert await snapshotter.refresh()
    assert snapshotter.page is not page
    assert registry.get_sample_value("kolco_monitor_snapshot_age_seconds") == 0


async def test_a_database_that_does_not_answer_is_given_up(postgres_url, clock, monkeypatch):
    db = Database(postgres_url)
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    registry, snapshotter = make(db, clock)
    monkeypatch.setattr("monitoring.snapshotter.READ_TIMEOUT_S", 0.3)
    async with db.transaction() as tx:
        await tx.execute(sa.text("LOCK TABLE access_points IN ACCESS EXCLUSIVE MODE"))
        assert not await snapshotter.refresh()
    assert registry.get_sample_value("kolco_monitor_snapshot_failures_total") == 1
    assert await snapshotter.refresh()
    await db.close()


async def test_no_citizen_is_on_the_page(database, clock):
    await add_city(database, clock.now())
    await add_session(database, clock.now(), 7)
    _, snapshotter = make(database, clock)
    await snapshotter.refresh()
    text = snapshotter.page.plain.decode()
    assert "02:00:00:00:00:07" not in text
    assert "10.77.0.9" not in text


async def test_what_is_registered_is_what_the_catalogue_says(database, clock):
    registry, _ = make(database, clock)
    names = {sample.name for family in registry.collect() for sample in family.samples}
    names = {name for name in names if not name.endswith("_created")}
    unlabelled = {m.name for m in CATALOGUE if m.name.startswith("kolco_monitor_") and not m.labels}
    assert names == unlabelled
