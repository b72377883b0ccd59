"""A used-up volume where logins are decided."""

from datetime import UTC, datetime, timedelta

from controller.core import outbox
from controller.models import SpentAccount
from radius.policy import service as policies
from radius.spent.events import SpentChanged
from tests.eventually import eventually
from tests.integration.radius.asking import mab


async def test_who_has_nothing_left_is_refused_or_let_in_by_a_rule(radius, device):
    runtime = radius.runtime
    login, _, _ = device
    assert "Received Access-Accept" in await radius.ask("auth", mab())
    now = datetime.now(UTC)
    async with runtime.db.transaction() as tx:
        tx.add(SpentAccount(account_id=login.account_id, until=now + timedelta(hours=1)))
        await outbox.add(tx, SpentChanged(1))

    async def refused():
        return "Received Access-Reject" in await radius.ask("auth", mab())

    await eventually(refused)
    assert radius.metric('kolco_radius_refusals_total{reason="quota-spent"}') >= 1
    async with runtime.db.transaction() as tx:
        text = "rule used-up\n account spent\n allow\n down 256k\n up 256k\n"
        await policies.apply_text(tx, text, by="x", now=now)

    async def slowed():
        return "WISPr-Bandwidth-Max-Down = 256000" in await radius.ask("auth", mab())

    await eventually(slowed)
