"""SQL of used-up volumes: what accounts used in a period, and which have nothing left."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from controller.core.db import Tx, upsert
from controller.models import Account, AccountingRecord, NetSession, SpentAccount


async def list_using(tx: Tx, plan_id: str, *, start: datetime, quota_bytes: int) -> Sequence[str]:
    """Return the accounts of a plan that have used a volume since a moment.

    Only accounts are looked at that are online, or that had nothing left before. Of a session that began
    earlier what its last accounting record before the moment told is left out. What is added up has no limit:
    counters are what a NAS says, and one that says what cannot be must not end the count of all others.
    """
    told = _unbounded(AccountingRecord.up_bytes) + _unbounded(AccountingRecord.down_bytes)
    before = (
        sa.select(sa.func.max(told))
        .where(AccountingRecord.session_id == NetSession.id, AccountingRecord.at < start)
        .correlate(NetSession)
        .scalar_subquery()
    )
    online = sa.select(NetSession.account_id).where(
        NetSession.ended_at.is_(None), NetSession.plan_id == plan_id
    )
    spent = sa.select(SpentAccount.account_id)
    here = _unbounded(NetSession.up_bytes) + _unbounded(NetSession.down_bytes)
    used = sa.func.sum(here - sa.func.coalesce(before, 0.0))
    query = (
        sa.select(NetSession.account_id)
        .join(Account, Account.id == NetSession.account_id)
        .where(
            Account.plan_id == plan_id,
            sa.or_(NetSession.account_id.in_(online), NetSession.account_id.in_(spent)),
            sa.or_(NetSession.ended_at.is_(None), NetSession.ended_at >= start),
        )
        .group_by(NetSession.account_id)
        .having(used >= quota_bytes)
        .order_by(NetSession.account_id)
    )
    return (await tx.scalars(query)).all()


async def list_spent(tx: Tx) -> dict[str, datetime]:
    """Return the accounts that have nothing left, and until when."""
    rows = await tx.execute(sa.select(SpentAccount.account_id, SpentAccount.until))
    return {row.account_id: row.until for row in rows}


async def replace_spent(tx: Tx, *, add: Mapping[str, datetime], remove: Collection[str]) -> None:
    """Keep that accounts have nothing left, and that others have again."""
    if remove:
        await tx.execute(sa.delete(SpentAccount).where(SpentAccount.account_id.in_(remove)))
    rows = [{"account_id": account_id, "until": until} for account_id, until in add.items()]
    await upsert(tx, SpentAccount, rows, keys=["account_id"], update=["until"])


async def list_open(tx: Tx, account_ids: Collection[str]) -> Sequence[str]:
    """Return the open sessions of accounts, by id."""
    query = sa.select(NetSession.id).where(
        NetSession.account_id.in_(account_ids), NetSession.ended_at.is_(None)
    )
    return (await tx.scalars(query.order_by(NetSession.id))).all()


def _unbounded(octets: InstrumentedAttribute[int]) -> sa.ColumnElement[float]:
    """Return a counter as a number that is exact to 2^53 and never too large to add."""
    return sa.cast(octets, sa.Double)
