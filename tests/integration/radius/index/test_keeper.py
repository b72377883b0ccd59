"""The index follows the database, whatever happens to either, on SQLite and PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from controller.core import outbox
from controller.core.errors import UnavailableError
from controller.directory import credentials
from controller.models import AccessPoint, ApStatus, Device, DeviceCredential, District, Site
from controller.sessions import service as sessions
from controller.sessions.types import StartSession
from radius.index.build import make_index
from radius.index.environment import mark_damaged
from radius.index.keeper import IndexKeeper
from radius.index.metrics import IndexMetrics
from tests.factories.people import MAC, make_citizen, make_plan
from tests.integration.radius.index.conftest import kept, until

OTHER_MAC = "02:00:00:00:00:02"


def credential(index, issued):
    return index.find_credential(issued.username, None)[0]


async def only_opened(runtime):
    """A keeper of which nothing runs, and the reader."""
    index = make_index(runtime)
    keeper = IndexKeeper(
        runtime.db, runtime.bus, runtime.clock, index.path, index.keys, IndexMetrics(CollectorRegistry()),
        map_bytes=2**24, compare_s=3600, opened=index.attach,
    )  # fmt: skip
    await keeper.open()
    return index, keeper


async def test_a_revoked_credential_is_gone_at_once(runtime, directory, login, issued):
    async with kept(runtime) as (index, keeper):
        await until(lambda: keeper.is_complete)
        assert credential(index, issued).device_id == login.device_id
        now = datetime.now(UTC)
        async with runtime.db.transaction() as tx:
            await credentials.revoke(tx, username=issued.username, now=now)
        assert await until(lambda: credential(index, issued) is None) < 2.0
        async with runtime.db.transaction() as tx:
            other = await directory.issue_credential(tx, device_id=login.device_id, now=now, valid_s=9)
        assert await until(lambda: credential(index, other) is not None) < 2.0


async def test_a_blocked_account_has_nothing_in_it(runtime, directory, login, issued):
    async with kept(runtime) as (index, _):
        assert index.find_device(MAC)[0].account_id == login.account_id
        async with runtime.db.transaction() as tx:
            await directory.set_account_status(tx, account_id=login.account_id, status="blocked")
        await until(lambda: credential(index, issued) is None and index.find_device(MAC)[0] is None)
        async with runtime.db.transaction() as tx:
            await directory.set_account_status(tx, account_id=login.account_id, status="active")
        await until(lambda: credential(index, issued) is not None)
        assert index.find_device(MAC)[0] is None  # it has to log in again


async def test_a_device_is_remembered_forgotten_and_passed_on(runtime, directory, login, issued):
    async with kept(runtime) as (index, _):
        async with runtime.db.transaction() as tx:
            await directory.forget(tx, MAC)
        await until(lambda: index.find_device(MAC)[0] is None)
        stranger = await make_citizen(runtime.db, directory, now=datetime.now(UTC), phone="+79160000000")
        await until(lambda: index.find_device(MAC)[0] is not None)
        assert index.find_device(MAC)[0].account_id == stranger.account_id != login.account_id
        await until(lambda: credential(index, issued) is None)


async def test_sessions_begin_and_end(runtime, login, issued):
    async with kept(runtime) as (index, _):
        async with runtime.db.transaction() as tx:
            start = StartSession(MAC, "", "gw", login.account_id, login.device_id, login.plan, "sms")
            session = await sessions.start(tx, start, datetime.now(UTC))
        await until(lambda: index.find_device(MAC)[1] is not None)
        found = index.find_device(MAC)[1]
        assert (found.id, found.account_id) == (session.id, login.account_id)
        assert found.expires_at == pytest.approx(session.expires_at.timestamp())
        assert index.find_credential(issued.username, None)[1] == found
        assert index.find_credential(issued.username, OTHER_MAC)[1] is None
        async with runtime.db.transaction() as tx:
            await sessions.end(tx, session.id, reason="user-request", now=datetime.now(UTC), source="gateway")
        # A logout forgets the device too.
        await until(lambda: credential(index, issued) and index.find_device(MAC)[0] is None)
        assert index.find_credential(issued.username, None)[1] is None


async def test_of_a_plan_that_refuses_it_is_known_who_is_online(runtime, directory, login):
    async with kept(runtime) as (index, _):
        start = StartSession(MAC, "", "gw", login.account_id, login.device_id, login.plan, "sms")
        async with runtime.db.transaction() as tx:
            session = await sessions.start(tx, start, datetime.now(UTC))
        now_s = datetime.now(UTC).timestamp()
        await until(lambda: index.find_device(MAC)[1] is not None)
        assert index.count_others(login.account_id, OTHER_MAC, now_s) == 0
        async with runtime.db.transaction() as tx:
            await directory.save_plan(tx, make_plan(when_full="refuse"))
        await until(lambda: index.count_others(login.account_id, OTHER_MAC, now_s) == 1)
        assert index.count_others(login.account_id, MAC, now_s) == 0
        assert index.count_others(login.account_id, OTHER_MAC, now_s + 100_000) == 0
        async with runtime.db.transaction() as tx:
            await sessions.end(tx, session.id, reason="idle", now=datetime.now(UTC), source="gateway")
        await until(lambda: index.count_others(login.account_id, OTHER_MAC, now_s) == 0)


async def test_plans_and_places_are_at_hand(runtime, directory, login):
    async with kept(runtime) as (index, _):
        index.refresh()
        assert index.plans["city"].session_timeout_s == 86_400
        async with runtime.db.transaction() as tx:
            await directory.save_plan(tx, make_plan(session_timeout_s=60))
        await until(lambda: index.refresh() or index.plans["city"].session_timeout_s == 60)
    async with runtime.db.transaction() as tx:
        tx.add(District(id="d", name="D"))
        await tx.flush()
        tx.add(Site(id="arbat", name="Arbat", district_id="d", address="", latitude=55.7, longitude=37.6))
        await tx.flush()
        tx.add(
            AccessPoint(
                serial="0010a42319c0", name="AP", mac="00:10:a4:23:19:c0", model="m", site_id="arbat",
                latitude=55.7, longitude=37.6, state="adopted", created_at=datetime.now(UTC),
            )
        )  # fmt: skip
        await tx.flush()
        told = [{"ssid": "City", "bssid": "00:10:a4:23:20:07"}, {"ssid": "older"}, "no BSS"]
        tx.add(ApStatus(serial="0010a42319c0", summary={"bss": told}))
    async with kept(runtime) as (index, _):
        index.refresh()
        for bssid in ("00:10:a4:23:19:c0", "00:10:a4:23:20:07"):
            assert index.places.find(bssid).site_id == "arbat"


async def test_what_changed_while_it_was_down_is_caught_up_before_it_answers(
    runtime, directory, login, issued
):
    async with kept(runtime) as (_, keeper):
        await until(lambda: keeper._writer.state.synced_at > 0)
    async with runtime.db.transaction() as tx:
        await credentials.revoke(tx, username=issued.username, now=datetime.now(UTC))
    index, keeper = await only_opened(runtime)
    assert credential(index, issued) is not None
    await keeper._reconcile()
    assert credential(index, issued) is None
    assert index.state.hits
    assert index.state.misses
    await keeper.close()


async def test_when_the_outbox_does_not_reach_back_nothing_is_believed_before_a_comparison(
    runtime, directory, login, issued
):
    async with kept(runtime) as (_, keeper):
        before = (datetime.now(UTC) - outbox.KEPT).timestamp()
        keeper._writer.apply((), synced_at=before)
    index, keeper = await only_opened(runtime)
    await keeper._reconcile()
    assert credential(index, issued) is not None
    assert not index.state.hits
    assert not index.state.misses
    await keeper._compare()
    index.refresh()
    assert index.state.hits
    assert index.state.misses
    await keeper.close()


async def test_a_comparison_writes_only_what_differs(runtime, directory, login, issued):
    async with kept(runtime) as (index, keeper):
        with capture_logs() as logs:
            await keeper._compare()
        (compared,) = [log for log in logs if log["event"] == "radius.index_compared"]
        assert (compared["entries"], compared["written"], compared["removed"]) == (2, 0, 0)
        async with runtime.db.transaction() as tx:  # past the directory, with no event
            await tx.execute(sa.delete(DeviceCredential))
            await tx.execute(sa.update(Device).values(remembered_until=datetime.now(UTC) + timedelta(days=9)))
        with capture_logs() as logs:
            await keeper._compare()
        (compared,) = [log for log in logs if log["event"] == "radius.index_compared"]
        assert (compared["entries"], compared["written"], compared["removed"]) == (1, 1, 1)
        assert credential(index, issued) is None
        assert index.find_device(MAC)[0].remembered_until > datetime.now(UTC).timestamp() + 86_400


async def test_a_gap_of_the_bus_is_caught_up(runtime, directory, login, issued):
    async with kept(runtime) as (index, keeper):
        keeper._hear = keeper._hear_beat  # deaf
        async with runtime.db.transaction() as tx:
            await credentials.revoke(tx, username=issued.username, now=datetime.now(UTC))
        await keeper._bus.announce_gap()
        assert credential(index, issued) is None


@pytest.mark.parametrize("damage", ["garbage", "cut", "marked"])
async def test_a_damaged_index_is_moved_aside_and_made_anew(runtime, directory, login, issued, damage):
    async with kept(runtime) as (index, _):
        path = index.path
    if damage == "garbage":
        (path / "data.mdb").write_bytes(bytes(range(256)) * 64)
    elif damage == "cut":
        (path / "data.mdb").write_bytes((path / "data.mdb").read_bytes()[:8_192])
    else:
        mark_damaged(path)
    with capture_logs() as logs:
        async with kept(runtime) as (index, keeper):
            assert credential(index, issued) is not None
            assert keeper.is_complete
    assert "radius.index_damaged" in [log["event"] for log in logs]
    assert (path.with_name(f"{path.name}.damaged") / "data.mdb").exists()


async def test_damage_that_a_reader_meets_is_mended_while_it_runs(runtime, directory, login, issued):
    async with kept(runtime) as (index, keeper):
        key = index.keys.username(issued.username)
        keeper._writer.apply([(b"credentials", key, b"\xc1 no entry")])
        assert credential(index, issued) is None
        assert not index.state.misses  # so the database is asked meanwhile
        await until(lambda: credential(index, issued) is not None)
        await until(lambda: keeper.is_complete)


async def test_a_full_index_says_what_to_do_and_nobody_is_refused_by_it(runtime, directory, login):
    # 16 MiB hold about 40,000 entries
    async with kept(runtime, index_map_bytes=16_777_216) as (index, keeper):
        keeper._anew_s = 0.5
        junk = [(b"credentials", number.to_bytes(16, "big"), bytes(300)) for number in range(60_000)]
        with capture_logs() as logs:
            with pytest.raises(UnavailableError):
                await keeper._do(lambda: keeper._writer.apply(junk))
            await until(lambda: index._environment is None)
            assert index.find_device(MAC)[0] is None
            assert not index.state.misses
        (failed,) = [log for log in logs if log["event"] == "radius.index_failed"]
        assert "KOLCO_RADIUS_INDEX_MAP_BYTES" in failed["hint"]
        await until(lambda: index.find_device(MAC)[0] is not None)
        await until(lambda: keeper.is_complete)


async def test_it_ages_while_no_beat_comes_back(runtime, login):
    async with kept(runtime) as (_, keeper):
        assert keeper.age_s < 5
        keeper._beat = asyncio.Event().wait
        keeper._writer.apply((), synced_at=datetime.now(UTC).timestamp() - 100)
        assert keeper.age_s == pytest.approx(100, abs=5)
