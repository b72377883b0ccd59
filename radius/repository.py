"""SQL of RADIUS that belongs to no part of its own: the NAS table, and what a login depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import Account, Device, DeviceCredential, Nas


@dataclass(frozen=True, slots=True)
class NasRow:
    """An enabled NAS as stored; the secrets are sealed."""

    id: str
    cidr: str
    secret_sealed: bytes
    require_message_authenticator: bool
    previous_secret_sealed: bytes | None = None
    previous_until: datetime | None = None
    signed_at: datetime | None = None
    unsigned_at: datetime | None = None
    vendor: str = "generic"
    cui: str = "asked"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What MAC authentication depends on."""

    account_status: str
    plan_id: str
    remembered_until: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What PAP and CHAP depend on, but for the password."""

    account_status: str
    plan_id: str
    expires_at: datetime
    revoked_at: datetime | None


async def list_nas(tx: Tx) -> list[NasRow]:
    """Return every enabled NAS that comes over UDP."""
    rows: Any = await tx.execute(
        sa.select(
            Nas.id,
            sa.func.coalesce(Nas.cidr, ""),
            Nas.secret_sealed,
            Nas.require_message_authenticator,
            Nas.previous_secret_sealed,
            Nas.previous_until,
            Nas.signed_at,
            Nas.unsigned_at,
            Nas.vendor,
            Nas.cui,
        )
        .where(Nas.enabled, Nas.cidr.is_not(None))
        .order_by(Nas.id)
    )
    return [NasRow(*row) for row in rows]


async def mark_heard(
    tx: Tx, seen: Sequence[str], signed: Sequence[str], unsigned: Sequence[str], now: datetime
) -> None:
    """Note when NASes were last heard, and with and without Message-Authenticator."""
    for column, nas_ids in ((Nas.last_seen_at, seen), (Nas.signed_at, signed), (Nas.unsigned_at, unsigned)):
        if nas_ids:
            await tx.execute(sa.update(Nas).where(Nas.id.in_(nas_ids)).values({column: now}))


async def find_device_state(tx: Tx, mac: str) -> DeviceState | None:
    """Return the state of the device of a MAC, in whatever state it is; None if it was never seen."""
    row = (
        await tx.execute(
            sa.select(Account.status, Account.plan_id, Device.remembered_until)
            .join(Account, Account.id == Device.account_id)
            .where(Device.mac == mac)
        )
    ).first()
    return None if row is None else DeviceState(*row)


async def find_credential_state(tx: Tx, username: str) -> CredentialState | None:
    """Return the state of a credential, valid or not; None if it was never issued."""
    row = (
        await tx.execute(
            sa.select(
                Account.status, Account.plan_id, DeviceCredential.expires_at, DeviceCredential.revoked_at
            )
            .join(Device, Device.id == DeviceCredential.device_id)
            .join(Account, Account.id == Device.account_id)
            .where(DeviceCredential.username == username)
        )
    ).first()
    return None if row is None else CredentialState(*row)
