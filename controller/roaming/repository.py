"""All SQL of home servers and realms."""

from collections.abc import Sequence

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import RadiusHome, RadiusRealm


async def list_homes(tx: Tx) -> Sequence[RadiusHome]:
    """Return every home server, by identifier."""
    return (await tx.scalars(sa.select(RadiusHome).order_by(RadiusHome.id))).all()


async def find_home(tx: Tx, home_id: str) -> RadiusHome | None:
    """Return the home server, or None."""
    return await tx.get(RadiusHome, home_id)


async def list_realms(tx: Tx) -> Sequence[RadiusRealm]:
    """Return every realm, by pattern."""
    return (await tx.scalars(sa.select(RadiusRealm).order_by(RadiusRealm.pattern))).all()


async def find_realm(tx: Tx, pattern: str) -> RadiusRealm | None:
    """Return the realm of exactly this pattern, or None."""
    return await tx.get(RadiusRealm, pattern)


async def add(tx: Tx, row: RadiusHome | RadiusRealm) -> None:
    """Store a new home server or realm."""
    tx.add(row)
    await tx.flush()


async def remove(tx: Tx, row: RadiusHome | RadiusRealm) -> None:
    """Delete a home server or realm."""
    await tx.delete(row)
    await tx.flush()
