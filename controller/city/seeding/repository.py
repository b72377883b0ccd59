"""SQL that fills a city in bulk: places, access points, plan, gateway.

Everything is an upsert: seeding again repairs what was changed of the places and leaves the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from controller.city.plan import SERIAL_PREFIX, City, PlannedAp
from controller.core.db import Tx, upsert
from controller.models import AccessPoint, District, Gateway, Plan, Site

_CHUNK = 500


async def save_places(tx: Tx, city: City) -> None:
    """Store districts and sites."""
    await upsert(
        tx,
        District,
        [{"id": district.id, "name": district.name} for district in city.districts],
        keys=["id"],
        update=["name"],
    )
    await upsert(
        tx,
        Site,
        [
            {
                "id": site.id,
                "name": site.name,
                "district_id": site.district_id,
                "address": site.address,
                "latitude": site.latitude,
                "longitude": site.longitude,
            }
            for site in city.sites
        ],
        keys=["id"],
        update=["name", "district_id", "address", "latitude", "longitude"],
    )


async def save_access_points(tx: Tx, aps: Sequence[PlannedAp], now: datetime) -> None:
    """Store access points as planned; one that is there already keeps its state and its day of birth."""
    await upsert(
        tx,
        AccessPoint,
        [
            {
                "serial": ap.serial,
                "name": ap.name,
                "mac": ap.mac,
                "model": ap.model,
                "site_id": ap.site_id,
                "latitude": ap.latitude,
                "longitude": ap.longitude,
                "zone_id": ap.zone_id,
                "state": "planned",
                "created_at": now,
            }
            for ap in aps
        ],
        keys=["serial"],
        update=["name", "mac", "model", "site_id", "latitude", "longitude", "zone_id"],
    )


async def settle_states(tx: Tx, planned: set[str]) -> int:
    """Retire simulated access points that are not `planned`, take back those that are; return the retired."""
    rows = await tx.execute(
        sa.select(AccessPoint.serial, AccessPoint.state).where(AccessPoint.serial.startswith(SERIAL_PREFIX)),
    )
    states = {serial: state for serial, state in rows}  # noqa: C416 - rows are not tuples for dict()
    gone = [serial for serial in states if serial not in planned]
    back = [serial for serial in planned if states.get(serial) == "retired"]
    await _set_state(tx, gone, "retired")
    await _set_state(tx, back, "planned")
    return len(gone)


async def ensure_plan(tx: Tx, plan_id: str, name: str) -> None:
    """Store a plan with the model's own limits, unless there is one of that id."""
    if await tx.get(Plan, plan_id) is None:
        tx.add(Plan(id=plan_id, name=name))
        await tx.flush()


async def save_gateway(tx: Tx, gateway_id: str, name: str, lan_cidr: str) -> None:
    """Store the city's gateway."""
    row = {"id": gateway_id, "name": name, "lan_cidr": lan_cidr, "clients": 0}
    await upsert(tx, Gateway, [row], keys=["id"], update=["name", "lan_cidr"])


async def _set_state(tx: Tx, serials: Sequence[str], state: str) -> None:
    for start in range(0, len(serials), _CHUNK):
        chunk = serials[start : start + _CHUNK]
        await tx.execute(
            sa.update(AccessPoint).where(AccessPoint.serial.in_(chunk)).values(state=state),
        )
