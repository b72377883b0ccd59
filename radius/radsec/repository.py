"""All SQL of RadSec: which certificates belong to a NAS."""

from dataclasses import dataclass

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import AccessPoint, Nas


@dataclass(frozen=True, slots=True)
class NameRow:
    """An enabled NAS that comes by RadSec; see `controller.models.Nas`."""

    name: str
    nas_id: str
    vendor: str
    cui: str


@dataclass(frozen=True, slots=True)
class Known:
    """Who may come by RadSec: NASes by name, and the serials of adopted access points."""

    names: list[NameRow]
    serials: frozenset[str]


async def list_names(tx: Tx) -> list[NameRow]:
    """Return the enabled NASes that come by RadSec."""
    rows = await tx.execute(
        sa.select(sa.func.coalesce(Nas.radsec_name, ""), Nas.id, Nas.vendor, Nas.cui)
        .where(Nas.enabled, Nas.radsec_name.is_not(None))
        .order_by(Nas.id)
    )
    return [NameRow(*row) for row in rows]


async def list_adopted(tx: Tx) -> frozenset[str]:
    """Return the serials of adopted access points."""
    return frozenset(await tx.scalars(sa.select(AccessPoint.serial).where(AccessPoint.state == "adopted")))
