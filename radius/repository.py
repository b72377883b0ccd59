"""All SQL of RADIUS: the NAS table, accounting legs, and what a session needs to begin."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from controller.core.db import Tx
from controller.core.mac import Mac
from controller.directory.types import Known, PlanView
from controller.models import AccessPoint, Account, Device, DeviceCredential, Nas, NetSession, Plan, RadiusLeg
from radius.records import Record, Totals


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
class Leg:
    """A part of a session at one NAS; see `controller.models.radius`."""

    nas_id: str
    address: str
    acct_session_id: str
    session_id: str
    session_time_s: int
    ended: bool
    totals: Totals


@dataclass(frozen=True, slots=True)
class Advance:
    """What a leg has counted by now."""

    leg: Leg
    totals: Totals
    session_time_s: int


@dataclass(frozen=True, slots=True)
class OpenLeg(Leg):
    """A leg that has not ended, with the device: what its NAS must be told to end it."""

    mac: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What an authorisation needs of the session a device has open."""

    id: str
    account_id: str
    expires_at: datetime


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an access point stands."""

    serial: str
    site_id: str | None


async def list_nas(tx: Tx) -> Sequence[NasRow]:
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


async def find_place(tx: Tx, mac: str) -> Place | None:
    """Return the access point of that MAC, or None."""
    row = (
        await tx.execute(sa.select(AccessPoint.serial, AccessPoint.site_id).where(AccessPoint.mac == mac))
    ).first()
    return None if row is None else Place(*row)


async def find_device(tx: Tx, device_id: str) -> Known | None:
    """Return a device of an active account, remembered or not; None if there is none."""
    row = (
        await tx.execute(
            sa.select(Device, Plan)
            .join(Account, Account.id == Device.account_id)
            .join(Plan, Plan.id == Account.plan_id)
            .where(Device.id == device_id, Account.status == "active")
        )
    ).first()
    if row is None:
        return None
    device, plan = row
    view = PlanView(**{name: getattr(plan, name) for name in PlanView.__dataclass_fields__})
    return Known(device.account_id, device.id, Mac(device.mac), view, device.remembered_until)


async def find_open_sessions(tx: Tx, macs: Collection[str]) -> dict[str, OpenSession]:
    """Return the open sessions of devices by MAC."""
    rows = await tx.execute(
        sa.select(NetSession.mac, NetSession.id, NetSession.account_id, NetSession.expires_at).where(
            NetSession.mac.in_(macs), NetSession.ended_at.is_(None)
        )
    )
    return {row.mac: OpenSession(row.id, row.account_id, row.expires_at) for row in rows}


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


async def find_leg(tx: Tx, record: Record) -> Leg | None:
    """Return the leg a record belongs to, or None."""
    row = await tx.get(RadiusLeg, record.leg, populate_existing=True)  # it is also updated past the ORM
    return None if row is None else _leg(row)


async def add_leg(tx: Tx, record: Record, *, session_id: str, mac: str, now: datetime) -> Leg:
    """Store a new leg with nothing counted yet."""
    row = RadiusLeg(
        nas_id=record.nas_id,
        address=record.address,
        acct_session_id=record.acct_session_id,
        session_id=session_id,
        mac=mac,
        started_at=now,
        heard_at=now,
        session_time_s=0,
        up_bytes=0,
        down_bytes=0,
        up_packets=0,
        down_packets=0,
    )
    tx.add(row)
    await tx.flush()
    return _leg(row)


async def find_legs(tx: Tx, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], Leg]:
    """Return the legs of these (NAS, address, Acct-Session-Id), those that are there."""
    rows = await tx.scalars(
        sa.select(RadiusLeg).where(
            sa.tuple_(RadiusLeg.nas_id, RadiusLeg.address, RadiusLeg.acct_session_id).in_(keys)
        ),
        execution_options={"populate_existing": True},
    )
    legs = [_leg(row) for row in rows]
    return {_key(leg): leg for leg in legs}


async def advance_legs(tx: Tx, advances: Sequence[Advance], now: datetime) -> None:
    """Store what legs have counted by now."""
    if not advances:
        return
    rows = [
        {
            "nas_id": advance.leg.nas_id,
            "address": advance.leg.address,
            "acct_session_id": advance.leg.acct_session_id,
            "up_bytes": advance.totals.up_bytes,
            "down_bytes": advance.totals.down_bytes,
            "up_packets": advance.totals.up_packets,
            "down_packets": advance.totals.down_packets,
            "session_time_s": advance.session_time_s,
            "heard_at": now,
        }
        for advance in advances
    ]
    await tx.execute(sa.update(RadiusLeg), rows)  # by primary key, one statement for all


async def end_legs(tx: Tx, legs: Sequence[Leg], now: datetime) -> None:
    """Mark legs as ended; one that has ended keeps its moment."""
    for leg in legs:
        row = await tx.get_one(RadiusLeg, _key(leg))
        if row.ended_at is None:
            row.ended_at = now
    await tx.flush()


async def reopen_leg(tx: Tx, leg: Leg) -> None:
    """Note that a leg goes on after all: its NAS still counts."""
    row = await tx.get_one(RadiusLeg, _key(leg))
    row.ended_at = None
    await tx.flush()


async def list_open_legs(tx: Tx, session_id: str) -> Sequence[OpenLeg]:
    """Return the legs of a session that have not ended, newest first."""
    rows = await tx.scalars(
        sa.select(RadiusLeg)
        .where(RadiusLeg.session_id == session_id, RadiusLeg.ended_at.is_(None))
        .order_by(RadiusLeg.started_at.desc()),
        execution_options={"populate_existing": True},
    )
    return [_open_leg(row) for row in rows]


async def list_open_legs_of_nas(tx: Tx, nas_id: str, address: str) -> Sequence[OpenLeg]:
    """Return the legs of a NAS device that have not ended."""
    rows = await tx.scalars(
        sa.select(RadiusLeg).where(
            RadiusLeg.nas_id == nas_id, RadiusLeg.address == address, RadiusLeg.ended_at.is_(None)
        ),
        execution_options={"populate_existing": True},
    )
    return [_open_leg(row) for row in rows]


async def list_sessions_to_disconnect(tx: Tx) -> Sequence[str]:
    """Return the sessions that have ended but have a leg that has not, oldest first."""
    rows = await tx.scalars(
        sa.select(RadiusLeg.session_id)
        .join(NetSession, NetSession.id == RadiusLeg.session_id)
        .where(RadiusLeg.ended_at.is_(None), NetSession.ended_at.is_not(None))
        .distinct()
        .order_by(RadiusLeg.session_id)
    )
    return rows.all()


def _key(leg: Leg) -> tuple[str, str, str]:
    return leg.nas_id, leg.address, leg.acct_session_id


def _leg(row: RadiusLeg) -> Leg:
    return Leg(**_values(row))


def _open_leg(row: RadiusLeg) -> OpenLeg:
    return OpenLeg(**_values(row), mac=row.mac)


def _values(row: RadiusLeg) -> dict[str, Any]:
    return {
        "nas_id": row.nas_id,
        "address": row.address,
        "acct_session_id": row.acct_session_id,
        "session_id": row.session_id,
        "session_time_s": row.session_time_s,
        "ended": row.ended_at is not None,
        "totals": Totals(row.up_bytes, row.down_bytes, row.up_packets, row.down_packets),
    }
