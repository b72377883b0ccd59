"""SQL of the WLANs."""

from typing import cast

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import Wlan, WlanSite
from controller.wlans.types import Band, Security, WlanView


async def list_all(tx: Tx) -> list[WlanView]:
    """Return every WLAN, by id."""
    sites: dict[str, list[str]] = {}
    for link in await tx.scalars(sa.select(WlanSite).order_by(WlanSite.site_id)):
        sites.setdefault(link.wlan_id, []).append(link.site_id)
    rows = await tx.scalars(sa.select(Wlan).order_by(Wlan.id).execution_options(populate_existing=True))
    return [_view(row, sites.get(row.id, [])) for row in rows]


async def save(tx: Tx, wlan: WlanView) -> None:
    """Store a new WLAN or the new fields of one, and its sites."""
    await tx.merge(
        Wlan(
            id=wlan.id,
            ssid=wlan.ssid,
            security=wlan.security,
            bands=list(wlan.bands),
            vlan=wlan.vlan,
            isolate=wlan.isolate,
            enabled=wlan.enabled,
            all_sites=wlan.all_sites,
        )
    )
    await tx.flush()
    await tx.execute(sa.delete(WlanSite).where(WlanSite.wlan_id == wlan.id))
    if wlan.sites:
        await tx.execute(
            sa.insert(WlanSite), [{"wlan_id": wlan.id, "site_id": site_id} for site_id in wlan.sites]
        )


async def remove(tx: Tx, wlan_id: str) -> None:
    """Delete a WLAN; the links to its sites go with it."""
    await tx.execute(sa.delete(Wlan).where(Wlan.id == wlan_id))


def _view(row: Wlan, sites: list[str]) -> WlanView:
    return WlanView(
        id=row.id,
        ssid=row.ssid,
        security=cast("Security", row.security),
        bands=cast("tuple[Band, ...]", tuple(row.bands)),
        vlan=row.vlan,
        isolate=row.isolate,
        enabled=row.enabled,
        all_sites=row.all_sites,
        sites=() if row.all_sites else tuple(sites),
    )
