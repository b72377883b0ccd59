"""Seeds a database with a planned city. Never commits; seeding twice changes nothing.

Access points go in by bulk SQL, without an event each: seed before the controller starts, which
looks at everything then.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from controller.city.plan import City
from controller.city.seeding import repository
from controller.city.seeding.types import NAS_ID, WLAN_ID, CityBasics, Seeded
from controller.core.db import Tx
from controller.core.secrets import SecretStore
from controller.nas import service as nas
from controller.nas.types import NewNas
from controller.operators import service as operators
from controller.operators.local_token import read_or_make_token
from controller.operators.types import Actor
from controller.wlans import service as wlans
from controller.wlans.types import WlanView
from controller.zones import service as zones

_ACTOR = Actor("city", "city", "admin")


async def seed_city(
    tx: Tx,
    city: City,
    *,
    basics: CityBasics,
    secrets: SecretStore,
    data_dir: Path,
    plan_id: str,
    now: datetime,
) -> Seeded:
    """Store zones, places, access points and what a first login needs.

    That is a WLAN for all sites (open, stations isolated), the plan `plan_id`, one gateway, one NAS
    and the local operator, whose token is in `data_dir`. What is there already stays as it is.
    """
    await zones.ensure_rings(tx)
    await repository.save_places(tx, city)
    await repository.save_access_points(tx, city.aps, now)
    retired = await repository.settle_states(tx, {ap.serial for ap in city.aps})
    await repository.ensure_plan(tx, plan_id, "Городской Wi-Fi")
    await repository.save_gateway(tx, basics.gateway_id, basics.gateway_name, basics.lan_cidr)
    if all(wlan.id != WLAN_ID for wlan in await wlans.list_wlans(tx)):
        await wlans.create(tx, _wlan(basics.ssid), actor=_ACTOR, now=now)
    if all(client.id != NAS_ID for client in await nas.list_all(tx)):
        await nas.add(tx, secrets, NewNas(NAS_ID, "Симулятор города", basics.nas_cidr))
    await operators.ensure_local(tx, secrets, read_or_make_token(data_dir), now)
    return Seeded(
        aps=len(city.aps),
        retired=retired,
        wlan_id=WLAN_ID,
        plan_id=plan_id,
        gateway_id=basics.gateway_id,
        nas_id=NAS_ID,
    )


def _wlan(ssid: str) -> WlanView:
    return WlanView(
        id=WLAN_ID,
        ssid=ssid,
        security="open",
        bands=("2.4", "5"),
        vlan=None,
        isolate=True,
        enabled=True,
        all_sites=True,
        sites=(),
    )
