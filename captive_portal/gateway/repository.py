"""The gateway's rows: itself, its leases, how far its counters were accounted, and who should be open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address

import sqlalchemy as sa

from captive_portal.gateway.gate.base import Client, Totals
from controller.core.db import Tx, upsert
from controller.core.mac import Mac
from controller.models import GateLedger, Gateway, Lease, NetSession, Plan

_CHUNK = 500
_BYTES_PER_KBIT = 125


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that the database has open at this gateway. Rates are in bytes a second."""

    id: str
    client: Client
    expires_at: datetime
    rate_up: int | None
    rate_down: int | None
    last_interim_at: datetime
    interim_s: int


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """What is stored of a lease or of a neighbour without one."""

    client: Client
    seen_at: datetime
    expires_at: datetime | None


Mark = tuple[str, str]
"""(session id, IP): one run of counters."""


async def enrol(
    tx: Tx, *, gateway_id: str, name: str, site_id: str | None, lan_cidr: str, now: datetime
) -> None:
    """Make the gateway's row, or bring it up to date."""
    row = {
        "id": gateway_id,
        "name": name,
        "site_id": site_id,
        "lan_cidr": lan_cidr,
        "last_seen_at": now,
        "clients": 0,
    }
    await upsert(tx, Gateway, [row], keys=["id"], update=["name", "site_id", "lan_cidr", "last_seen_at"])


async def report(tx: Tx, *, gateway_id: str, clients: int, now: datetime) -> None:
    """Say that the gateway lives and how many clients are open."""
    await tx.execute(
        sa.update(Gateway).where(Gateway.id == gateway_id).values(last_seen_at=now, clients=clients)
    )


async def list_open(tx: Tx, gateway_id: str) -> list[OpenSession]:
    """Every open session of the gateway."""
    return await _select(tx, gateway_id, None)


async def find_open(tx: Tx, gateway_id: str, ids: Collection[str]) -> list[OpenSession]:
    """Those of the sessions that are open at the gateway; the others have ended or are elsewhere."""
    wanted = list(ids)
    found: list[OpenSession] = []
    for start in range(0, len(wanted), _CHUNK):
        found += await _select(tx, gateway_id, wanted[start : start + _CHUNK])
    return found


async def _select(tx: Tx, gateway_id: str, ids: Sequence[str] | None) -> list[OpenSession]:
    statement = (
        sa.select(
            NetSession.id,
            NetSession.ip,
            NetSession.mac,
            NetSession.expires_at,
            Plan.rate_up_kbps,
            Plan.rate_down_kbps,
            sa.func.coalesce(NetSession.last_interim_at, NetSession.started_at).label("last_interim_at"),
            Plan.interim_s,
        )
        .join(Plan, Plan.id == NetSession.plan_id)
        .where(NetSession.gateway_id == gateway_id, NetSession.ended_at.is_(None))
    )
    if ids is not None:
        statement = statement.where(NetSession.id.in_(ids))
    return [
        OpenSession(
            row.id,
            Client(row.ip, Mac(row.mac)),
            row.expires_at,
            row.rate_up_kbps * _BYTES_PER_KBIT if row.rate_up_kbps else None,
            row.rate_down_kbps * _BYTES_PER_KBIT if row.rate_down_kbps else None,
            row.last_interim_at,
            row.interim_s,
        )
        for row in await tx.execute(statement)
        if _is_ipv4(row.ip)
    ]


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


async def put_leases(tx: Tx, gateway_id: str, leases: Collection[LeaseRow]) -> None:
    """Store leases, newest of an address last."""
    newest = {row.client.ip: row for row in leases}
    rows = [
        {
            "gateway_id": gateway_id,
            "ip": row.client.ip,
            "mac": row.client.mac,
            "seen_at": row.seen_at,
            "expires_at": row.expires_at,
        }
        for row in newest.values()
    ]
    await upsert(tx, Lease, rows, keys=["gateway_id", "ip"], update=["mac", "seen_at", "expires_at"])


async def remove_leases(tx: Tx, gateway_id: str, clients: Collection[Client]) -> None:
    """Delete leases whose address still belongs to the client."""
    for client in clients:
        await tx.execute(
            sa.delete(Lease).where(
                Lease.gateway_id == gateway_id, Lease.ip == client.ip, Lease.mac == client.mac
            )
        )


async def purge_leases(tx: Tx, gateway_id: str, before: datetime) -> None:
    """Delete leases that ran out before a moment."""
    await tx.execute(sa.delete(Lease).where(Lease.gateway_id == gateway_id, Lease.expires_at < before))


async def list_marks(tx: Tx, gateway_id: str) -> dict[Mark, Totals]:
    """How far each run of counters was accounted."""
    rows = await tx.scalars(sa.select(GateLedger).where(GateLedger.gateway_id == gateway_id))
    return {
        (row.session_id, row.ip): Totals(row.up_bytes, row.down_bytes, row.up_packets, row.down_packets)
        for row in rows
    }


async def put_marks(tx: Tx, gateway_id: str, marks: Mapping[Mark, Totals]) -> None:
    """Store how far runs of counters are accounted."""
    rows = [
        {
            "gateway_id": gateway_id,
            "session_id": session_id,
            "ip": ip,
            "up_bytes": totals.up_bytes,
            "down_bytes": totals.down_bytes,
            "up_packets": totals.up_packets,
            "down_packets": totals.down_packets,
        }
        for (session_id, ip), totals in marks.items()
    ]
    counters = ["up_bytes", "down_bytes", "up_packets", "down_packets"]
    await upsert(tx, GateLedger, rows, keys=["gateway_id", "session_id", "ip"], update=counters)


async def purge_marks(tx: Tx, gateway_id: str, before: datetime) -> None:
    """Delete the marks of sessions that ended before a moment."""
    # Asked per mark: a list of all past sessions would be built each time, and they are kept for a year.
    ended = sa.exists().where(NetSession.id == GateLedger.session_id, NetSession.ended_at < before)
    await tx.execute(sa.delete(GateLedger).where(GateLedger.gateway_id == gateway_id, ended))
