"""SQL of sessions at NASes: which are to be ended or changed, and what their NASes know them by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from controller.core.db import Tx
from controller.models import AccessPoint, Account, DeviceCredential, NetSession, RadiusLeg
from controller.sessions.quota import due_at
from radius.served.identify import Served

_BY_NAME = ("radius-mab", "radius-mpsk")
"""Methods under which User-Name is a MAC address, in the NAS's own notation."""


@dataclass(frozen=True, slots=True)
class Going:
    """A session that goes on at a NAS.

    Attributes:
        served: how its NAS knows it.
        account_id: whose it is.
        plan_id: the plan it has.
        account_plan_id: the plan its account has now.
        zone_id: where it is, as far as its access point is known; else empty.
        site_id: as `zone_id`.
        ssid: the network it is in.
        method: how it was let in.
    """

    served: Served
    account_id: str
    plan_id: str
    account_plan_id: str
    zone_id: str
    site_id: str
    ssid: str
    method: str


async def list_served(tx: Tx, session_id: str) -> Sequence[Served]:
    """Return the parts of a session that go on at NASes, the newest first."""
    query = (
        sa.select(RadiusLeg, NetSession)
        .join(NetSession, NetSession.id == RadiusLeg.session_id)
        .where(RadiusLeg.session_id == session_id, RadiusLeg.ended_at.is_(None))
        .order_by(RadiusLeg.started_at.desc())
    )
    rows = (await tx.execute(query, execution_options={"populate_existing": True})).all()
    names = await _usernames(tx, {session.device_id for _, session in rows})
    return [_served(leg, session, names) for leg, session in rows]


async def end_served(tx: Tx, served: Served, now: datetime) -> None:
    """Note that a part of a session is over; one that is keeps its moment, one that was deleted is gone."""
    row = await tx.get(RadiusLeg, served.key, populate_existing=True)
    if row is not None and row.ended_at is None:
        row.ended_at = now
    await tx.flush()


async def list_sessions_to_disconnect(tx: Tx) -> Sequence[str]:
    """Return the sessions that have ended but go on at a NAS, oldest first."""
    rows = await tx.scalars(
        sa.select(RadiusLeg.session_id)
        .join(NetSession, NetSession.id == RadiusLeg.session_id)
        .where(RadiusLeg.ended_at.is_(None), NetSession.ended_at.is_not(None))
        .distinct()
        .order_by(RadiusLeg.session_id)
    )
    return rows.all()


async def list_going(
    tx: Tx, *, plan_id: str | None = None, account_id: str | None = None, after: tuple[str, str], limit: int
) -> Sequence[Going]:
    """Return open sessions that go on at NASes, of a plan or an account or all: a page after `after`.

    Pages are in the order of the session's id and the NAS's name for it; both empty before the first.

    A session a gateway counts too is left out: there the gateway enforces.
    """
    query = (
        sa.select(RadiusLeg, NetSession, Account.plan_id, AccessPoint.zone_id, AccessPoint.site_id)
        .join(NetSession, NetSession.id == RadiusLeg.session_id)
        .join(Account, Account.id == NetSession.account_id)
        .outerjoin(AccessPoint, AccessPoint.serial == RadiusLeg.ap_serial)
        .where(
            RadiusLeg.ended_at.is_(None),
            NetSession.ended_at.is_(None),
            NetSession.gateway_id.is_(None),
            sa.tuple_(NetSession.id, RadiusLeg.acct_session_id) > after,
        )
        .order_by(NetSession.id, RadiusLeg.acct_session_id)
        .limit(limit)
    )
    if plan_id is not None:
        query = query.where(NetSession.plan_id == plan_id)
    if account_id is not None:
        query = query.where(NetSession.account_id == account_id)
    rows = (await tx.execute(query, execution_options={"populate_existing": True})).all()
    names = await _usernames(tx, {session.device_id for _, session, *_ in rows})
    return [
        Going(
            _served(leg, session, names),
            session.account_id,
            session.plan_id,
            account_plan_id,
            zone_id or "",
            site_id or "",
            session.ssid,
            session.method,
        )
        for leg, session, account_plan_id, zone_id, site_id in rows
    ]


async def set_plan(
    tx: Tx, session_id: str, *, plan_id: str, idle_timeout_s: int, quota_bytes: int | None
) -> None:
    """Give an open session another plan's terms."""
    await tx.execute(
        sa.update(NetSession)
        .where(NetSession.id == session_id, NetSession.ended_at.is_(None))
        .values(plan_id=plan_id, idle_timeout_s=idle_timeout_s, quota_bytes=quota_bytes)
    )


async def limit_session(
    tx: Tx, session_id: str, *, expires_at: datetime | None, idle_timeout_s: int | None
) -> None:
    """Shorten an open session's time, or change its idle time; None leaves what it has."""
    session = await tx.get_one(NetSession, session_id, with_for_update=True, populate_existing=True)
    if expires_at is not None:
        session.expires_at = min(session.expires_at, expires_at)
    if idle_timeout_s is not None:
        session.idle_timeout_s = idle_timeout_s
    session.due_at = due_at(
        expires_at=session.expires_at,
        last_used_at=session.last_used_at,
        idle_timeout_s=session.idle_timeout_s,
    )
    await tx.flush()


async def _usernames(tx: Tx, device_ids: Collection[str]) -> dict[str, str]:
    """Return the user name of each device's newest credential."""
    if not device_ids:
        return {}
    query = (
        sa.select(DeviceCredential.device_id, DeviceCredential.username)
        .where(DeviceCredential.device_id.in_(device_ids))
        .order_by(DeviceCredential.created_at)
    )
    return {row.device_id: row.username for row in await tx.execute(query)}


def _served(leg: RadiusLeg, session: NetSession, names: dict[str, str]) -> Served:
    username = "" if session.method in _BY_NAME else names.get(session.device_id, "")
    return Served(leg.nas_id, leg.address, leg.acct_session_id, session.id, leg.mac, session.ip, username)
