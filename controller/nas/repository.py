"""All SQL of NAS clients."""

from collections.abc import Sequence

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import Nas


async def list_all(tx: Tx) -> Sequence[Nas]:
    """Return every NAS, by identifier."""
    return (await tx.scalars(sa.select(Nas).order_by(Nas.id))).all()


async def find(tx: Tx, nas_id: str) -> Nas | None:
    """Return the NAS, or None."""
    return await tx.get(Nas, nas_id)


async def find_by_cidr(tx: Tx, cidr: str) -> Nas | None:
    """Return the NAS of exactly this network, or None."""
    return await tx.scalar(sa.select(Nas).where(Nas.cidr == cidr))


async def find_by_radsec_name(tx: Tx, name: str) -> Nas | None:
    """Return the NAS that comes by RadSec with a certificate of this name, or None."""
    return await tx.scalar(sa.select(Nas).where(Nas.radsec_name == name))


async def add(tx: Tx, nas: Nas) -> None:
    """Store a new NAS."""
    tx.add(nas)
    await tx.flush()


async def remove(tx: Tx, nas: Nas) -> None:
    """Delete a NAS."""
    await tx.delete(nas)
    await tx.flush()
