"""Accounting beside a portal's session, in groups."""

import pytest

from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.sessions import service as sessions
from controller.sessions.types import StartSession
from radius import interims, repository
from radius.outcomes import Outcome
from radius.protocol.attributes import AcctStatusType
from radius.records import Record, Totals
from radius.stations import CalledStation

PLAN = PlanView("city", "City", 86_400, 3_600, 86_400, 300, None, None, None, 5)


def interim(leg, up):
    return Record(
        AcctStatusType.INTERIM_UPDATE, "nas", "192.0.2.1", leg, None, "02:00:00:00:00:01", "",
        CalledStation(None, ""), Totals(up_bytes=up), up, 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize("gateway", ["gw", None])
async def test_what_a_gateway_counts_is_only_noted(database, tmp_path, clock, gateway):
    directory = Directory(SecretStore(tmp_path / "secrets"))
    now = clock.now()
    async with database.transaction() as tx:
        await directory.save_plan(tx, PLAN)
        login = await directory.login_phone(tx, phone="+79161234567", mac="02:00:00:00:00:01", now=now)
        request = StartSession(
            "02:00:00:00:00:01", "", gateway, login.account_id, login.device_id, PLAN, "sms"
        )
        session = await sessions.start(tx, request, now)
        for leg in ("a", "b"):
            await repository.add_leg(tx, interim(leg, 0), session_id=session.id, mac=session.mac, now=now)
    async with database.transaction() as tx:
        applied = await interims.apply(tx, [interim("a", 10), interim("b", 5), interim("unknown", 1)], now)
        assert {index: one.outcome for index, one in applied.items()} == {
            0: Outcome.COUNTED,
            1: Outcome.COUNTED,
        }
    async with database.reading() as tx:
        assert (await sessions.get(tx, session.id)).up_bytes == (0 if gateway else 15)
        legs = await repository.find_legs(tx, [interim("a", 0).leg, interim("b", 0).leg])
        assert [leg.totals.up_bytes for leg in legs.values()] == [10, 5]
