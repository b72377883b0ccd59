"""Rows of a very small city in a database: two districts, three sites, six APs, a gateway, citizens."""

from datetime import datetime, timedelta

from controller.core.db import Database
from controller.core.ids import new_id
from controller.models import (
    AccessPoint,
    Account,
    ApConfig,
    ApStatus,
    Device,
    District,
    Gateway,
    NetSession,
    Plan,
    Site,
    Wlan,
    Zone,
)
from tests.factories.monitoring import SSID, summary

SITES = {"park": "tverskoy", "metro": "tverskoy", "square": "arbat"}
POLYGON = {"type": "Polygon", "coordinates": [[[37, 55], [38, 55], [38, 56], [37, 55]]]}


def serial_of(number: int) -> str:
    return f"24f5a2{number:06x}"


async def add_city(db: Database, now: datetime) -> None:
    """Six adopted APs (two a site, number 5 disconnected, number 4 drifting) and a planned seventh."""
    async with db.transaction() as tx:
        tx.add(Zone(id="garden-ring", name="Садовое кольцо", name_en="Garden Ring", polygon=POLYGON))
        tx.add_all(District(id=name, name=name.title()) for name in ("tverskoy", "arbat"))
        await tx.flush()
        tx.add_all(
            Site(
                id=site,
                name=f"Место {site}",
                district_id=district,
                address="",
                latitude=55.75,
                longitude=37.6,
            )
            for site, district in SITES.items()
        )
        tx.add(Plan(id="city", name="City"))
        tx.add(Wlan(id="city", ssid=SSID))
        await tx.flush()
        tx.add(Gateway(id="gw-park", name="Парк", site_id="park", lan_cidr="10.77.0.0/16"))
        for number in range(7):
            site = list(SITES)[number % 3]
            tx.add(
                AccessPoint(
                    serial=serial_of(number),
                    name=f"AP {number}",
                    mac=f"24:f5:a2:00:00:{number:02x}",
                    model="EAP101",
                    site_id=site,
                    latitude=55.75,
                    longitude=37.6,
                    zone_id="garden-ring" if site != "square" else None,
                    state="planned" if number == 6 else "adopted",
                    created_at=now,
                )
            )
        await tx.flush()
        for number in range(6):
            tx.add(status_row(number, now))
            tx.add(
                ApConfig(
                    serial=serial_of(number),
                    desired_uuid=2 if number == 4 else 1,
                    desired="{}",
                    desired_digest="d",
                    desired_at=now,
                    status="acknowledged",
                )
            )


def status_row(number: int, now: datetime) -> ApStatus:
    return ApStatus(
        serial=serial_of(number),
        connected=number != 5,
        connected_at=now,
        last_seen_at=now,
        firmware="3.2.0",
        config_uuid=1,
        clients=10,
        summary=summary(),
        state_at=now,
    )


async def add_session(db: Database, now: datetime, number: int, **changes: object) -> str:
    """A citizen online at the park."""
    session_id, account_id, device_id = new_id(), new_id(), new_id()
    mac = f"02:00:00:00:00:{number:02x}"
    async with db.transaction() as tx:
        tx.add(Account(id=account_id, plan_id="city", created_at=now))
        await tx.flush()
        tx.add(Device(id=device_id, account_id=account_id, mac=mac, created_at=now, last_login_at=now))
        await tx.flush()
        values: dict[str, object] = {
            "id": session_id,
            "account_id": account_id,
            "device_id": device_id,
            "mac": mac,
            "ip": "10.77.0.9",
            "gateway_id": "gw-park",
            "site_id": "park",
            "ssid": SSID,
            "plan_id": "city",
            "method": "sms",
            "started_at": now,
            "expires_at": now + timedelta(days=1),
            "idle_timeout_s": 3600,
            "last_used_at": now,
            "due_at": now + timedelta(hours=1),
            "up_bytes": 1000,
            "down_bytes": 9000,
        }
        tx.add(NetSession(**(values | changes)))
    return session_id
