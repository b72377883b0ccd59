"""Rows of an inventory for tests: one site, access points at it, one WLAN."""

from datetime import UTC, datetime

from controller.core.db import Tx
from controller.models import AccessPoint, District, Site, Wlan

CREATED = datetime(2026, 11, 1, tzinfo=UTC)


def serial_of(number: int) -> str:
    return f"0a1b2c{number:06x}"


async def add_site(tx: Tx) -> None:
    tx.add(District(id="centre", name="Центр"))
    await tx.flush()
    tx.add(Site(id="park", name="Парк", district_id="centre", address="ул. 1", latitude=55.7, longitude=37.6))
    await tx.flush()


async def add_access_points(tx: Tx, *states: str, first: int = 0) -> list[str]:
    """One access point per state, serials `serial_of(first)` and on."""
    serials = [serial_of(first + number) for number in range(len(states))]
    for serial, state in zip(serials, states, strict=True):
        tx.add(
            AccessPoint(
                serial=serial,
                name=f"ap {serial}",
                mac=":".join(serial[at : at + 2] for at in range(0, 12, 2)),
                model="edgecore_eap104",
                site_id="park",
                latitude=55.7,
                longitude=37.6,
                zone_id=None,
                state=state,
                created_at=CREATED,
            )
        )
    await tx.flush()
    return serials


async def add_wlan(tx: Tx, wlan_id: str = "city", **changes) -> None:
    values = {"ssid": "City", "security": "open", "bands": ["2.4", "5"], "vlan": None}
    tx.add(Wlan(id=wlan_id, **(values | changes)))
    await tx.flush()
