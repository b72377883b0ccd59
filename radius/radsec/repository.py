"""All SQL of RadSec: which certificates belong to a NAS."""

from collections.abc import Mapping

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import AccessPoint, Nas


async def list_names(tx: Tx) -> Mapping[str, str]:
    """Return the identifiers of enabled NASes by the name in their certificate."""
    rows = await tx.execute(
        sa.select(Nas.radsec_name, Nas.id).where(Nas.enabled, Nas.radsec_name.is_not(None))
    )
    return {name: nas_id for name, nas_id in rows if name is not None}


async def list_adopted(tx: Tx) -> frozenset[str]:
    """Return the serials of adopted access points."""
    return frozenset(await tx.scalars(sa.select(AccessPoint.serial).where(AccessPoint.state == "adopted")))
