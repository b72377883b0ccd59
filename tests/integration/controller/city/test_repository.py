"""The city's look-ups, on both databases."""

import datetime as dt

from controller.city import repository
from controller.city.repository import Counted, FleetCount, OnAir
from controller.core.ids import new_id
from controller.models import (
    AccessPoint,
    Account,
    AccountingRecord,
    ApConfig,
    ApStatus,
    Device,
    District,
    NetSession,
    Plan,
    Site,
)

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def access_point(number):
    return AccessPoint(
        serial=f"d2c1{number:08x}",
        name=f"ap-{number}",
        mac=f"d2:c1:00:00:00:{number:02x}",
        model="edgecore_eap101",
        site_id="square",
        latitude=55.75,
        longitude=37.62,
        state="adopted",
        created_at=NOW,
    )


def configured(number, *, ssid, acknowledged):
    return ApConfig(
        serial=f"d2c1{number:08x}",
        desired_uuid=7,
        desired=f'{{"interfaces": [{{"ssids": [{{"name": "{ssid}"}}]}}]}}',
        desired_digest="d",
        desired_at=NOW,
        status="acknowledged" if acknowledged else "sent",
        acknowledged_uuid=7 if acknowledged else None,
    )


async def test_the_fleet_is_counted(database):
    async with database.transaction() as tx:
        tx.add(District(id="centre", name="Центр"))
        await tx.flush()
        tx.add(
            Site(
                id="square", name="Площадь", district_id="centre", address="", latitude=55.75, longitude=37.62
            )
        )
        await tx.flush()
        tx.add_all([access_point(number) for number in (1, 2, 3)])
        retired = access_point(4)
        retired.state = "retired"
        tx.add(retired)
        await tx.flush()
        tx.add(configured(4, ssid="Москва", acknowledged=True))
        tx.add(
            ApStatus(serial="d2c100000001", connected=True, clients=5, summary={"bss": [{"ssid": "Москва"}]})
        )
        tx.add(
            ApStatus(serial="d2c100000002", connected=False, clients=9, summary={"bss": [{"ssid": "Москва"}]})
        )
        tx.add_all(
            [
                configured(1, ssid="Москва", acknowledged=True),
                configured(2, ssid="Москва", acknowledged=False),
            ]
        )
    async with database.reading() as tx:
        assert await repository.count_fleet(tx) == FleetCount(aps=3, connected=1, settled=1, clients=5)
        assert await repository.count_on_air(tx, "Москва") == OnAir(acknowledged=1, reported=1)
        assert await repository.count_on_air(tx, "x") == OnAir(acknowledged=0, reported=0)


async def test_sessions_and_their_records_are_found(database):
    account, device, session = new_id(), new_id(), new_id()
    async with database.transaction() as tx:
        tx.add(
            Plan(
                id="free",
                name="free",
                session_timeout_s=60,
                idle_timeout_s=60,
                remember_s=60,
                interim_s=60,
                simultaneous_use=1,
            )
        )
        await tx.flush()
        tx.add(Account(id=account, status="active", plan_id="free", locale="ru", created_at=NOW))
        await tx.flush()
        tx.add(
            Device(id=device, account_id=account, mac="0a:6b:00:00:00:01", created_at=NOW, last_login_at=NOW)
        )
        await tx.flush()
        tx.add(
            NetSession(
                id=session,
                account_id=account,
                device_id=device,
                mac="0a:6b:00:00:00:01",
                plan_id="free",
                method="sms",
                started_at=NOW,
                expires_at=NOW,
                idle_timeout_s=60,
                last_used_at=NOW,
                due_at=NOW,
            )
        )
        await tx.flush()
        for number, kind in enumerate(("start", "interim")):
            tx.add(
                AccountingRecord(
                    id=new_id(),
                    session_id=session,
                    kind=kind,
                    source="gateway",
                    event_key=f"{session}:{kind}",
                    at=NOW + dt.timedelta(seconds=number),
                    up_bytes=number * 10,
                    down_bytes=number * 20,
                )
            )
    async with database.reading() as tx:
        assert await repository.count_online(tx) == 1
        assert await repository.list_records(tx, session) == [
            Counted("start", "gateway", 0, 0, ""),
            Counted("interim", "gateway", 10, 20, ""),
        ]
        assert await repository.list_records(tx, new_id()) == []
