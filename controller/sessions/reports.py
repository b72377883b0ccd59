"""What many sessions used, told at once: the counters of a whole gateway or NAS in a few statements.

The same as `service.use` and `service.interim` for each, but with the statements of one.
"""

from collections.abc import Sequence
from datetime import datetime

from controller.core.db import Tx
from controller.sessions import repository, service
from controller.sessions.quota import due_at, reason_spent
from controller.sessions.types import Usage


async def report(tx: Tx, usages: Sequence[Usage], *, source: str, now: datetime) -> None:
    """Add what open sessions used, write an interim record for each, end those whose volume is used up.

    Args:
        tx: the transaction.
        usages: what was used since it was last told; sessions that do not exist or are over are
            left out. All zero: only the interim record is written.
        source: who counted, `gateway` or `radius`.
        now: the present moment.
    """
    rows = await repository.find_many(tx, {usage.session_id for usage in usages}, lock=True)
    told = {}
    for usage in usages:
        session = rows.get(usage.session_id)
        if session is None or session.ended_at is not None:
            continue
        told[session.id] = session
        session.up_bytes += usage.up_bytes
        session.down_bytes += usage.down_bytes
        session.up_packets += usage.up_packets
        session.down_packets += usage.down_packets
        session.last_interim_at = now
        if usage.up_packets or usage.up_bytes:
            session.last_used_at = now
            session.due_at = due_at(
                expires_at=session.expires_at, last_used_at=now, idle_timeout_s=session.idle_timeout_s
            )
    await tx.flush()
    await repository.add_interims(tx, list(told.values()), source=source, at=now)
    for session in told.values():
        used = session.up_bytes + session.down_bytes
        spent = reason_spent(quota_bytes=session.quota_bytes, used_bytes=used)
        if spent is not None:
            await service.end(tx, session.id, reason=spent, now=now, source=source)
