"""Open sessions get what a changed plan, account or policy gives."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from controller.core import outbox
from controller.directory.events import AccountChanged
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.models import Account, NetSession, Plan
from controller.nas import service as nas_service
from controller.nas.types import NasChanges
from radius.policy import service as policies
from radius.served.change import Changer
from tests.eventually import eventually
from tests.integration.radius.asking import mab, rows
from tests.integration.radius.served.conftest import COA_NAK

NAMED = {"Acct-Session-Id": "A1", "Calling-Station-Id": "02-00-00-00-00-01"}
CITY = PlanView("city", "City", 7200, 600, 86_400, 300, 10_000, 5_000, None, 5)


async def save(radius, **changes):
    values = {name: getattr(CITY, name) for name in PlanView.__dataclass_fields__} | changes
    async with radius.runtime.db.transaction() as tx:
        await Directory(radius.runtime.secrets).save_plan(tx, PlanView(**values))


async def put(radius, text):
    async with radius.runtime.db.transaction() as tx:
        await policies.apply_text(tx, text, by="x", now=datetime.now(UTC))


def count(radius, answer):
    return radius.metric(f'kolco_radius_session_changes_total{{answer="{answer}",nas="lo"}}')


async def test_another_rate_is_told_to_the_nas(nas, radius, device, online):
    await online()
    await save(radius, rate_down_kbps=2_000)

    async def told():
        return count(radius, "ack") == 1

    await eventually(told)
    assert nas.changes == [
        NAMED
        | {
            "Idle-Timeout": 600,
            "WISPr-Bandwidth-Max-Down": 2_000_000,
            "WISPr-Bandwidth-Max-Up": 5_000_000,
        }
    ]
    assert nas.heard == []


async def test_what_changes_nothing_for_open_sessions_is_not_told(device, changer, nas, radius, online):
    await eventually(lambda: changer == ["read"])
    await online()
    await save(radius, name="Another name", session_timeout_s=60)
    await eventually(lambda: changer == ["read", "read", "looked"])
    await put(radius, "rule other\n ssid Metro\n deny no\n")
    await eventually(lambda: changer == ["read", *["read", "looked"] * 2])
    assert (nas.changes, nas.heard) == ([], [])


async def test_a_nas_that_refuses_has_the_session_ended(nas, radius, device, online):
    nas.coa_answer, nas.error_cause = COA_NAK, 401
    await online()
    await save(radius, rate_down_kbps=2_000)

    async def ended():
        (session,) = await rows(radius.runtime, NetSession)
        return session.end_reason == "plan-changed" and bool(nas.heard)

    await eventually(ended)
    assert len(nas.changes) == 1
    assert nas.heard == [NAMED]


async def test_a_nas_is_told_in_its_makers_words_and_in_several_ways(nas, radius, device, online):
    async with radius.runtime.db.transaction() as tx:
        await nas_service.change(tx, "lo", NasChanges(vendor="mikrotik"))
    nas.coa_answer, nas.error_cause = COA_NAK, 503

    async def spoken_to_as_such():
        return "Mikrotik-Rate-Limit" in await radius.ask("auth", mab())

    await eventually(spoken_to_as_such)  # the NAS table was read again
    await online()
    await save(radius, rate_down_kbps=None)

    async def tried():
        return len(nas.changes) == 4

    await eventually(tried)
    assert nas.changes[0]["Mikrotik-Rate-Limit"] == "5000k/4294967k"
    assert "Acct-Session-Id" not in nas.changes[2]


async def test_another_vlan_needs_the_device_to_join_anew(device, changer, nas, radius, online):
    await eventually(lambda: changer == ["read"])
    await online()
    await save(radius, vlan=12)

    async def told():
        return bool(nas.heard)

    await eventually(told)
    assert (nas.changes, count(radius, "ended")) == ([], 1)


async def test_an_account_with_another_plan(nas, radius, device, online):
    await online()
    await save(radius, id="slow", rate_down_kbps=256)
    login, _, _ = device
    async with radius.runtime.db.transaction() as tx:
        await tx.execute(sa.update(Account).where(Account.id == login.account_id).values(plan_id="slow"))
        await outbox.add(tx, AccountChanged(login.account_id))

    async def moved():
        (session,) = await rows(radius.runtime, NetSession)
        return session.plan_id == "slow"

    await eventually(moved)
    assert nas.changes[0]["WISPr-Bandwidth-Max-Down"] == 256_000


async def test_a_policy_changes_or_ends_sessions(nas, radius, device, online):
    await online()
    await put(radius, "rule slow\n plan city\n allow\n down 1M\n")

    async def slowed():
        return len(nas.changes) == 1

    await eventually(slowed)
    assert nas.changes[0]["WISPr-Bandwidth-Max-Down"] == 1_000_000
    await put(radius, "rule closed\n method mab\n deny closed\n")

    async def ended():
        (session,) = await rows(radius.runtime, NetSession)
        return session.end_reason == "policy" and bool(nas.heard)

    await eventually(ended)


async def test_what_changed_unheard_is_found_when_events_may_have_been_missed(
    device, changer, nas, radius, online
):
    await eventually(lambda: changer == ["read"])
    await online()
    async with radius.runtime.db.transaction() as tx:
        await tx.execute(sa.update(Plan).values(rate_down_kbps=2_000))
    await radius.runtime.bus.announce_gap()

    async def told():
        return len(nas.changes) == 1

    await eventually(told)
    assert nas.changes[0]["WISPr-Bandwidth-Max-Down"] == 2_000_000


@pytest.mark.usefixtures("device")
async def test_what_failed_is_looked_at_again(changer, nas, radius, online, monkeypatch):
    await eventually(lambda: changer == ["read"])
    await online()
    failures, change_all = iter([OSError("the database is away")]), Changer._change_all

    async def fail_once(self, *arguments, **options):
        for failure in failures:
            raise failure
        await change_all(self, *arguments, **options)

    monkeypatch.setattr(Changer, "_change_all", fail_once)
    await save(radius, rate_down_kbps=2_000)
    await eventually(lambda: nas.changes, within_s=30)
    assert nas.changes[0]["WISPr-Bandwidth-Max-Down"] == 2_000_000
