"""The directory's SQL; no rules."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from controller.core.db import Tx, upsert
from controller.core.mac import Mac
from controller.directory.types import AccountView, DeviceView, Known, PlanView, StoredCredential, VoucherView
from controller.models import Account, Device, DeviceCredential, Identity, NetworkKey, Plan, Voucher


async def find_plan(tx: Tx, plan_id: str) -> PlanView | None:
    """Return a plan."""
    row = await tx.get(Plan, plan_id)
    return None if row is None else _plan(row)


async def list_plans(tx: Tx) -> list[PlanView]:
    """Return every plan by id."""
    return [_plan(row) for row in await tx.scalars(sa.select(Plan).order_by(Plan.id))]


async def save_plan(tx: Tx, plan: PlanView) -> None:
    """Insert or replace a plan."""
    columns = {column: getattr(plan, column) for column in PlanView.__dataclass_fields__}
    await upsert(tx, Plan, [columns], keys=["id"], update=[column for column in columns if column != "id"])


async def find_account(tx: Tx, kind: str, digest: bytes) -> Account | None:
    """Return the account known by an identity."""
    return await tx.scalar(
        sa.select(Account)
        .join(Identity, Identity.account_id == Account.id)
        .where(Identity.kind == kind, Identity.digest == digest)
    )


async def get_account(tx: Tx, account_id: str) -> Account | None:
    """Return an account by its id."""
    return await tx.get(Account, account_id)


async def list_accounts(
    tx: Tx, *, after: str, limit: int, digest: bytes | None
) -> Sequence[tuple[Account, int]]:
    """Return accounts with the number of their devices, by id."""
    query = (
        sa.select(Account, sa.func.count(Device.id))
        .outerjoin(Device, Device.account_id == Account.id)
        .where(Account.id > after)
        .group_by(Account.id)
        .order_by(Account.id)
        .limit(limit)
    )
    if digest is not None:
        query = query.where(sa.exists().where(Identity.account_id == Account.id, Identity.digest == digest))
    return [(account, count) for account, count in await tx.execute(query)]


async def list_identities(tx: Tx, account_ids: Sequence[str]) -> Sequence[Identity]:
    """Return the identities of accounts."""
    return list(await tx.scalars(sa.select(Identity).where(Identity.account_id.in_(account_ids))))


async def list_devices(tx: Tx, account_id: str) -> list[DeviceView]:
    """Return an account's devices, the one used last first."""
    query = sa.select(Device).where(Device.account_id == account_id).order_by(Device.last_login_at.desc())
    return [
        DeviceView(row.id, Mac(row.mac), row.created_at, row.last_login_at, row.remembered_until)
        for row in await tx.scalars(query)
    ]


async def find_device(tx: Tx, mac: Mac) -> Device | None:
    """Return the device of a MAC address."""
    return await tx.scalar(sa.select(Device).where(Device.mac == mac))


async def find_known(tx: Tx, *, mac: Mac | None = None, device_id: str | None = None) -> Known | None:
    """Return a device of an active account, by MAC address or id."""
    which = Device.mac == mac if device_id is None else Device.id == device_id
    row = (
        await tx.execute(
            sa.select(Device, Plan)
            .join(Account, Account.id == Device.account_id)
            .join(Plan, Plan.id == Account.plan_id)
            .where(which, Account.status == "active")
        )
    ).first()
    return None if row is None else _known(row[0], row[1])


async def find_credential(tx: Tx, username: str, now: datetime) -> tuple[bytes, Known] | None:
    """Return a valid credential's digest and whose it is."""
    found = (await find_credentials(tx, [username], now)).get(username)
    return None if found is None else (found.digest, found.known)


async def find_credentials(tx: Tx, usernames: Collection[str], now: datetime) -> dict[str, StoredCredential]:
    """Return valid credentials of active accounts by user name."""
    rows = (
        await tx.execute(
            sa.select(
                DeviceCredential.username, DeviceCredential.secret_digest, DeviceCredential.sealed, *_KNOWN
            )
            .join(Device, Device.id == DeviceCredential.device_id)
            .join(Account, Account.id == Device.account_id)
            .where(
                DeviceCredential.username.in_(usernames),
                DeviceCredential.revoked_at.is_(None),
                DeviceCredential.expires_at > now,
                Account.status == "active",
            )
        )
    ).all()
    plans = await _plans(tx, {row.plan_id for row in rows})
    return {
        row.username: StoredCredential(row.secret_digest, row.sealed, _known_row(row, plans)) for row in rows
    }


async def find_known_many(tx: Tx, macs: Collection[Mac]) -> dict[Mac, Known]:
    """Return devices of active accounts by MAC."""
    rows = (
        await tx.execute(
            sa.select(*_KNOWN)
            .join(Account, Account.id == Device.account_id)
            .where(Device.mac.in_(macs), Account.status == "active")
        )
    ).all()
    plans = await _plans(tx, {row.plan_id for row in rows})
    return {Mac(row.mac): _known_row(row, plans) for row in rows}


_KNOWN = (
    Device.account_id,
    Device.id.label("device_id"),
    Device.mac,
    Account.plan_id,
    Device.remembered_until,
)


def _known_row(row: Any, plans: Mapping[str, PlanView]) -> Known:
    return Known(row.account_id, row.device_id, Mac(row.mac), plans[row.plan_id], row.remembered_until)


async def _plans(tx: Tx, ids: Collection[str]) -> dict[str, PlanView]:
    if not ids:
        return {}
    return {row.id: _plan(row) for row in await tx.scalars(sa.select(Plan).where(Plan.id.in_(ids)))}


async def find_voucher(tx: Tx, digest: bytes) -> Voucher | None:
    """Return a voucher, locked until the transaction ends."""
    return await tx.scalar(sa.select(Voucher).where(Voucher.digest == digest).with_for_update())


async def list_vouchers(tx: Tx, *, batch: str | None, after: str, limit: int) -> list[VoucherView]:
    """Return vouchers by id."""
    query = sa.select(Voucher).where(Voucher.id > after).order_by(Voucher.id).limit(limit)
    if batch is not None:
        query = query.where(Voucher.batch == batch)
    return [
        VoucherView(row.id, row.plan_id, row.batch, row.created_at, row.expires_at, row.redeemed_at)
        for row in await tx.scalars(query)
    ]


async def set_remembered(
    tx: Tx, *, until: datetime | None, device_id: str | None = None, mac: Mac | None = None
) -> Sequence[str]:
    """Set until when a device is let in with no page; return its MAC, nothing if there is no such device."""
    which = Device.id == device_id if device_id is not None else Device.mac == mac
    changed = sa.update(Device).where(which).values(remembered_until=until)
    return list(await tx.scalars(changed.returning(Device.mac)))


async def revoke_credentials(tx: Tx, device_id: str, now: datetime) -> Sequence[str]:
    """Make a device's credentials invalid; return the user names of those that were valid."""
    revoked = (
        sa.update(DeviceCredential)
        .where(DeviceCredential.device_id == device_id, DeviceCredential.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return list(await tx.scalars(revoked.returning(DeviceCredential.username)))


async def revoke_credential(tx: Tx, username: str, now: datetime) -> bool:
    """Make a credential invalid unless it is already; False if there is none of that name."""
    row = (
        await tx.scalars(sa.select(DeviceCredential).where(DeviceCredential.username == username))
    ).one_or_none()
    if row is not None and row.revoked_at is None:
        row.revoked_at = now
        await tx.flush()
    return row is not None


async def list_credentials(tx: Tx, device_id: str) -> Sequence[DeviceCredential]:
    """Return a device's credentials in any state, the newest first."""
    query = sa.select(DeviceCredential).where(DeviceCredential.device_id == device_id)
    return (await tx.scalars(query.order_by(DeviceCredential.id.desc()))).all()


async def list_revoked_credentials(tx: Tx, now: datetime) -> list[tuple[str, datetime]]:
    """Return the user names of revoked credentials that have not expired, and since when, by name."""
    rows = await tx.execute(
        sa.select(DeviceCredential.username, DeviceCredential.revoked_at)
        .where(DeviceCredential.revoked_at.is_not(None), DeviceCredential.expires_at > now)
        .order_by(DeviceCredential.username)
    )
    return [(username, revoked_at) for username, revoked_at in rows if revoked_at is not None]


async def list_network_keys(tx: Tx, *, mac: Mac | None, ssid: str | None) -> Sequence[Sequence[Any]]:
    """Return network keys in any state: user name, SSID, MAC, and when issued, over and revoked."""
    query = (
        sa.select(
            NetworkKey.username,
            NetworkKey.ssid,
            NetworkKey.mac,
            NetworkKey.created_at,
            DeviceCredential.expires_at,
            DeviceCredential.revoked_at,
        )
        .join(DeviceCredential, DeviceCredential.username == NetworkKey.username)
        .join(Device, Device.id == DeviceCredential.device_id)
    )
    if mac is not None:
        query = query.where(Device.mac == mac)
    if ssid is not None:
        query = query.where(NetworkKey.ssid == ssid)
    return (await tx.execute(query.order_by(NetworkKey.username.desc()))).all()


async def is_network_key(tx: Tx, username: str) -> bool:
    """Tell whether there is a network key of that name."""
    return await tx.get(NetworkKey, username) is not None


async def page_network_keys(
    tx: Tx, *, after: str, limit: int, now: datetime, username: str | None = None
) -> Sequence[NetworkKey]:
    """Return the next network keys that are neither over nor revoked, by user name."""
    query = (
        sa.select(NetworkKey)
        .join(DeviceCredential, DeviceCredential.username == NetworkKey.username)
        .where(
            NetworkKey.username > after,
            DeviceCredential.revoked_at.is_(None),
            DeviceCredential.expires_at > now,
        )
    )
    if username is not None:
        query = query.where(NetworkKey.username == username)
    return (await tx.scalars(query.order_by(NetworkKey.username).limit(limit))).all()


async def forget_account(tx: Tx, account_id: str) -> None:
    """Let none of an account's devices in without a page."""
    await tx.execute(sa.update(Device).where(Device.account_id == account_id).values(remembered_until=None))


def view_account(account: Account, identities: tuple[str, ...], devices: int) -> AccountView:
    """Return an account as an operator sees it."""
    return AccountView(
        account.id, account.status, account.plan_id, account.locale, account.created_at, identities, devices
    )


def _plan(row: Plan) -> PlanView:
    return PlanView(**{column: getattr(row, column) for column in PlanView.__dataclass_fields__})


def _known(device: Device, plan: Plan) -> Known:
    return Known(device.account_id, device.id, Mac(device.mac), _plan(plan), device.remembered_until)
