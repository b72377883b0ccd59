"""The policy that a process judges by."""

from datetime import UTC, datetime

from controller.directory.service import Directory
from controller.models import Plan, PolicyRevision
from controller.nas import service as nas_service
from controller.nas.types import NasChanges
from radius.cui import CuiIssuer
from radius.policy import service
from radius.policy.registry import PolicyRegistry
from tests.eventually import eventually
from tests.integration.radius.asking import MAC, mab

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOBODY = ("",) * 7


async def put(runtime, text):
    async with runtime.db.transaction() as tx:
        await service.apply_text(tx, text, by="somebody", now=NOW)


async def test_what_is_put_in_force_is_judged_by_after_a_reading(runtime):
    registry = PolicyRegistry(runtime.db, UTC)
    registry.take(await registry.read())
    assert registry.judge(0.0, NOBODY).rule == ""
    await put(runtime, "rule one\n deny no\n")
    assert registry.judge(0.0, NOBODY).rule == ""
    registry.take(await registry.read())
    assert registry.judge(0.0, NOBODY).effect.deny == "no"
    engine = registry.engine
    registry.take(await registry.read())
    assert registry.engine is engine


async def test_a_revision_that_cannot_be_read_leaves_the_last_in_force(runtime):
    registry = PolicyRegistry(runtime.db, UTC)
    await put(runtime, "rule one\n deny no\n")
    registry.take(await registry.read())
    async with runtime.db.transaction() as tx:
        tx.add(PolicyRevision(id=2, text="rule one\n weather rain\n deny no\n", made_at=NOW, made_by="x"))
    registry.take(await registry.read())
    assert registry.judge(0.0, NOBODY).revision == 1


async def test_it_tells_who_has_another_identity(runtime):
    cui = CuiIssuer(bytes(32), monthly=False, zone=UTC)
    registry = PolicyRegistry(runtime.db, UTC, cui)
    async with runtime.db.transaction() as tx:
        tx.add(Plan(id="city", name="City"))
        await tx.flush()
        login = await Directory(runtime.secrets).login_phone(tx, phone="+79161234567", mac=MAC, now=NOW)
    before = cui.issue(login.account_id, b"", 0.0)
    async with runtime.db.transaction() as tx:
        await service.reset_cui(tx, login.account_id, NOW)
    registry.take(await registry.read())
    assert cui.issue(login.account_id, b"", 0.0) != before


async def test_a_running_daemon_hears_of_a_policy_of_a_vendor_and_of_an_identity(radius, device):
    runtime = radius.runtime
    login, _, _ = device
    asks = mab().replace("\n", ',Chargeable-User-Identity="",NAS-Port=1\n')
    before = await radius.ask("auth", asks)
    assert "Received Access-Accept" in before
    assert "WISPr-Bandwidth-Max-Down = 10000000" in before
    cui = attribute(before, "Chargeable-User-Identity")
    await put(runtime, "rule night\n ssid City\n method mab\n allow\n down 1M\n vlan 12\n filter slow\n")

    async def slowed():
        return 'Tunnel-Private-Group-Id:0 = "12"' in await radius.ask("auth", mab())

    await eventually(slowed)
    async with runtime.db.transaction() as tx:
        await nas_service.change(tx, "lo", NasChanges(vendor="mikrotik", cui="always"))
        await service.reset_cui(tx, login.account_id, NOW)

    async def heard():
        answer = await radius.ask("auth", mab())
        return "Mikrotik-Rate-Limit" in answer and attribute(answer, "Chargeable-User-Identity") != cui

    await eventually(heard)
    shown = await radius.ask("auth", mab())
    assert 'Mikrotik-Rate-Limit = "5000k/1000k"' in shown
    assert 'Mikrotik-Address-List = "slow"' in shown
    await put(runtime, "rule closed\n plan city\n deny closed\n")

    async def refused():
        return "Received Access-Reject" in await radius.ask("auth", mab())

    await eventually(refused)
    assert radius.metric('kolco_radius_refusals_total{reason="policy"}') >= 1


def attribute(output, name):
    return next(line.split("=")[1].strip() for line in output.splitlines() if f"{name} = " in line)
