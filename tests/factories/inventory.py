"""Places and access points for tests, stored straight into the database."""

from datetime import UTC, datetime
from typing import Any

from controller.core.db import Database
from controller.core.ids import new_id
from controller.models import AccessPoint, ApConfig, ApEvent, ApStatus, District, Plan, Site, Wlan
from controller.zones.service import ensure_rings, read_map

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ARBAT = (55.7520, 37.5920)
"""Inside the Garden Ring."""
SOKOLNIKI = (55.7940, 37.6780)
"""Outside both rings."""


def serial_of(number: int) -> str:
    return f"02c0de{number:06x}"


def mac_of(serial: str) -> str:
    return ":".join(serial[i : i + 2] for i in range(0, 12, 2))


async def add_places(db: Database) -> None:
    """Zones, one district, two sites and the free plan."""
    async with db.transaction() as tx:
        await ensure_rings(tx)
        tx.add(District(id="arbat", name="Арбат"))
        tx.add(Plan(id="free", name="Free"))
        await tx.flush()
        for name in ("arbat-1", "arbat-2"):
            tx.add(
                Site(
                    id=name,
                    name=f"Площадка {name}",
                    district_id="arbat",
                    latitude=ARBAT[0],
                    longitude=ARBAT[1],
                )
            )


async def add_ap(db: Database, number: int, *, connected: bool | None = None, **fields: Any) -> str:
    """An adopted AP at arbat-1; `connected` gives it a status row. Returns the serial."""
    serial = serial_of(number)
    async with db.transaction() as tx:
        latitude, longitude = fields.pop("place", ARBAT)
        zone_id = (await read_map(tx)).find_zone(latitude, longitude)
        values: dict[str, Any] = {
            "serial": serial,
            "name": f"ap-{number:04}",
            "mac": mac_of(serial),
            "model": "sim-ap",
            "site_id": "arbat-1",
            "latitude": latitude,
            "longitude": longitude,
            "zone_id": zone_id,
            "state": "adopted",
            "created_at": NOW,
        }
        tx.add(AccessPoint(**(values | fields)))
        await tx.flush()
        if connected is not None:
            tx.add(
                ApStatus(
                    serial=serial,
                    connected=connected,
                    connected_at=NOW,
                    last_seen_at=NOW,
                    firmware="1.0",
                    clients=3,
                    summary={"radios": [{"band": "5", "channel": 36, "tx_power_dbm": 20}]},
                    config_uuid=7,
                )
            )
    return serial


async def add_config(db: Database, serial: str, status: str, **fields: Any) -> None:
    """What the AP should run, with the given status."""
    values: dict[str, Any] = {
        "serial": serial,
        "desired_uuid": 8,
        "desired": '{"uuid": 8}',
        "desired_digest": "x",
        "desired_at": NOW,
        "status": status,
        "rejected": [],
        "error": "",
    }
    async with db.transaction() as tx:
        tx.add(ApConfig(**(values | fields)))


async def add_event(db: Database, serial: str, kind: str, **data: Any) -> None:
    async with db.transaction() as tx:
        tx.add(ApEvent(id=new_id(), serial=serial, at=NOW, kind=kind, severity=5, data=data))


async def add_wlan(db: Database, wlan_id: str = "city", ssid: str = "City_WiFi", **fields: Any) -> None:
    async with db.transaction() as tx:
        tx.add(Wlan(id=wlan_id, ssid=ssid, **fields))
