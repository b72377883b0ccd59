"""Every question the portal asks the database: leases by address, and codes under way.

Never commits: callers open the transaction.
"""

from datetime import datetime, timedelta
from typing import Any, Final, cast

import sqlalchemy as sa

from captive_portal.portal.types import Challenge, Client, CodeCounts
from controller.core.db import Tx
from controller.core.mac import Mac
from controller.models.directory import SmsChallenge
from controller.models.network import Gateway, Lease

_CAPS_LOCK: Final = 0x6B6F6C63  # "kolc"; any numbers no other part locks


async def find_client(tx: Tx, *, gateway_id: str, ip: str, now: datetime) -> Client | None:
    """Return who holds an address behind a gateway; None without a lease that is good now."""
    rows = await tx.execute(_leases(ip, now).where(Lease.gateway_id == gateway_id))
    return next((_client(row) for row in rows), None)


async def find_clients_at(tx: Tx, *, ip: str, now: datetime) -> list[Client]:
    """Return who holds an address behind any gateway, two at most: the second says it is ambiguous."""
    rows = await tx.execute(_leases(ip, now).limit(2))
    return [_client(row) for row in rows]


async def find_site(tx: Tx, *, gateway_id: str) -> str | None:
    """Return the site of a gateway, None if it has none or is not known."""
    return await tx.scalar(sa.select(Gateway.site_id).where(Gateway.id == gateway_id))


async def is_gateway(tx: Tx, *, gateway_id: str) -> bool:
    """Tell whether there is such a gateway."""
    return await tx.scalar(sa.select(Gateway.id).where(Gateway.id == gateway_id)) is not None


def _leases(ip: str, now: datetime) -> sa.Select[Any]:
    query: Any = (
        sa.select(Lease.gateway_id, Lease.mac, Lease.ip, Lease.ap_serial, Gateway.site_id)
        .join(Gateway, Gateway.id == Lease.gateway_id)
        .where(Lease.ip == ip, sa.or_(Lease.expires_at.is_(None), Lease.expires_at > now))
    )
    return cast("sa.Select[Any]", query)


def _client(row: sa.Row[Any]) -> Client:
    return Client(row.gateway_id, Mac(row.mac), row.ip, row.ap_serial, row.site_id)


async def lock_caps(tx: Tx) -> None:
    """Let nobody else count and add codes until this transaction ends.

    Without it, requests sent at once would all count the same rows and pass a cap together. On
    SQLite a writing transaction is alone anyway.
    """
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_CAPS_LOCK)))


async def add_challenge(
    tx: Tx,
    *,
    challenge_id: str,
    phone_digest: bytes,
    phone_sealed: bytes,
    prefix: str,
    code_digest: bytes,
    client: Client,
    now: datetime,
    valid_s: int,
) -> None:
    """Store a code under way; an older one of the same device is no longer good."""
    await tx.execute(
        sa.update(SmsChallenge)
        .where(SmsChallenge.mac == client.mac, SmsChallenge.expires_at > now, SmsChallenge.used_at.is_(None))
        .values(expires_at=now)
    )
    tx.add(
        SmsChallenge(
            id=challenge_id,
            phone_digest=phone_digest,
            phone_sealed=phone_sealed,
            prefix=prefix,
            code_digest=code_digest,
            mac=client.mac,
            gateway_id=client.gateway_id,
            created_at=now,
            expires_at=now + timedelta(seconds=valid_s),
            tries=0,
        )
    )
    await tx.flush()


async def find_latest(tx: Tx, *, mac: str) -> Challenge | None:
    """Return the device's newest code. Older ones are good no more: a new code ends them."""
    row = (
        await tx.execute(
            sa.select(
                SmsChallenge.id,
                SmsChallenge.mac,
                SmsChallenge.created_at,
                SmsChallenge.expires_at,
                SmsChallenge.tries,
                SmsChallenge.sent_at,
                SmsChallenge.used_at,
            )
            .where(SmsChallenge.mac == mac)
            .order_by(SmsChallenge.created_at.desc(), SmsChallenge.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    return Challenge(
        id=row.id,
        mac=Mac(row.mac),
        created_at=row.created_at,
        expires_at=row.expires_at,
        tries=row.tries,
        is_sent=row.sent_at is not None,
        is_used=row.used_at is not None,
    )


async def count_codes(
    tx: Tx, *, phone_digest: bytes, mac: str, prefix: str, day: datetime, hour: datetime, most: CodeCounts
) -> CodeCounts:
    """Count codes asked for, each kind up to its `most`, in one statement.

    Of the number and of the device after `day`; of the block and of all after `hour`.
    """

    def counted(since: datetime, limit: int, *conditions: sa.ColumnElement[bool]) -> Any:
        rows = sa.select(SmsChallenge.id).where(SmsChallenge.created_at > since, *conditions).limit(limit)
        return sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()

    row = (
        await tx.execute(
            sa.select(
                counted(day, most.of_number, SmsChallenge.phone_digest == phone_digest),
                counted(day, most.of_device, SmsChallenge.mac == mac),
                counted(hour, most.of_block, SmsChallenge.prefix == prefix),
                counted(hour, most.of_all),
            )
        )
    ).one()
    return CodeCounts(*row)


async def count_tries(tx: Tx, *, mac: str, since: datetime) -> int:
    """Count codes typed in on the device for challenges made after `since`."""
    counted = await tx.scalar(
        sa.select(sa.func.sum(SmsChallenge.tries)).where(
            SmsChallenge.mac == mac, SmsChallenge.created_at > since
        )
    )
    return int(counted or 0)


async def take_try(tx: Tx, *, challenge_id: str, now: datetime, max_tries: int) -> tuple[bytes, bytes] | None:
    """Use up one try, first thing, so that tries made at once are all counted.

    Returns:
        The code's digest and the sealed number, or None if the challenge takes no more tries.
    """
    row = (
        await tx.execute(
            sa.update(SmsChallenge)
            .where(
                SmsChallenge.id == challenge_id,
                SmsChallenge.used_at.is_(None),
                SmsChallenge.expires_at > now,
                SmsChallenge.tries < max_tries,
            )
            .values(tries=SmsChallenge.tries + 1)
            .returning(SmsChallenge.code_digest, SmsChallenge.phone_sealed)
            .execution_options(synchronize_session=False)
        )
    ).one_or_none()
    return None if row is None else (row.code_digest, row.phone_sealed)


async def mark_sent(tx: Tx, *, challenge_id: str, now: datetime) -> None:
    """Record that the message was handed over."""
    await tx.execute(sa.update(SmsChallenge).where(SmsChallenge.id == challenge_id).values(sent_at=now))


async def mark_lost(tx: Tx, *, challenge_id: str) -> None:
    """Record that the message did not go out: the code is not good and starts no cooldown."""
    await tx.execute(
        sa.update(SmsChallenge)
        .where(SmsChallenge.id == challenge_id)
        .values(expires_at=SmsChallenge.created_at)
    )


async def purge_challenges(tx: Tx, *, before: datetime) -> None:
    """Delete codes made before a moment."""
    await tx.execute(sa.delete(SmsChallenge).where(SmsChallenge.created_at < before))


async def mark_used(tx: Tx, *, challenge_id: str, now: datetime) -> None:
    """Record that the code was right; it is good no more."""
    await tx.execute(sa.update(SmsChallenge).where(SmsChallenge.id == challenge_id).values(used_at=now))
