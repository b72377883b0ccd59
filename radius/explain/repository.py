"""SQL of explaining: decisions that were kept, and the NAS and the device that somebody asks about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import Account, Device, DeviceCredential, Nas, RadiusDecision


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision that was kept: the columns of `RadiusDecision`."""

    id: str
    at: datetime
    nas_id: str
    station: bytes | None
    username: bytes | None
    method: str
    outcome: str
    reason: str
    account_id: str | None
    plan_id: str | None
    rule: str
    session_id: str | None
    ap_serial: str | None
    site_id: str | None
    ssid: str
    trace: bytes


@dataclass(frozen=True, slots=True)
class NasState:
    """A NAS as far as its answers depend on it."""

    id: str
    cidr: str
    vendor: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose decisions are wanted: any of these fits. Digests as of `radius.journal.decisions`."""

    station: bytes | None = None
    username: bytes | None = None
    account_id: str | None = None


async def list_kept(
    tx: Tx, whose: Whose, *, since: datetime | None = None, until: datetime | None = None, limit: int
) -> Sequence[Kept]:
    """Return decisions, the newest first; `until` is included."""
    fits = [
        column == value
        for column, value in (
            (RadiusDecision.station, whose.station),
            (RadiusDecision.username, whose.username),
            (RadiusDecision.account_id, whose.account_id),
        )
        if value is not None
    ]
    query = (
        sa.select(RadiusDecision)
        .where(sa.or_(sa.false(), *fits))
        .order_by(RadiusDecision.at.desc(), RadiusDecision.id.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(RadiusDecision.at >= since)
    if until is not None:
        query = query.where(RadiusDecision.at <= until)
    return [
        Kept(*(getattr(row, name) for name in Kept.__dataclass_fields__)) for row in await tx.scalars(query)
    ]


async def is_not_ended(tx: Tx, session_id: str, outcome: str) -> bool:
    """Tell whether it was kept of a session that its NAS could not be made to end it."""
    query = sa.select(RadiusDecision.id).where(
        RadiusDecision.session_id == session_id, RadiusDecision.outcome == outcome
    )
    return await tx.scalar(query.limit(1)) is not None


async def list_judged(tx: Tx, *, since: datetime, after: str, limit: int) -> Sequence[Kept]:
    """Return decisions that got as far as the policy, by id; a page after `after`."""
    query = (
        sa.select(RadiusDecision)
        .where(
            RadiusDecision.at >= since,
            RadiusDecision.id > after,
            RadiusDecision.account_id.is_not(None),
        )
        .order_by(RadiusDecision.id)
        .limit(limit)
    )
    return [
        Kept(*(getattr(row, name) for name in Kept.__dataclass_fields__)) for row in await tx.scalars(query)
    ]


async def find_nas(tx: Tx, nas_id: str) -> NasState | None:
    """Return a NAS, enabled or not."""
    row = await tx.get(Nas, nas_id)
    return None if row is None else NasState(row.id, row.cidr or "", row.vendor, row.enabled)


async def find_owner(tx: Tx, username: str) -> tuple[str, str] | None:
    """Return the MAC and the account of the device that a credential was issued to."""
    query = (
        sa.select(Device.mac, Account.id)
        .join(Account, Account.id == Device.account_id)
        .join(DeviceCredential, DeviceCredential.device_id == Device.id)
        .where(DeviceCredential.username == username)
    )
    row = (await tx.execute(query)).first()
    return None if row is None else (row[0], row[1])
