"""The quick way for the commonest records: Interim-Updates of sessions that are open and known.

A city's access points send a thousand of these a second. A group of them takes a few statements here;
`accounting` does what is left, with the same meaning, one by one.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from controller.core.db import Tx
from controller.sessions import reports
from controller.sessions.types import SessionView, Usage
from radius import repository
from radius.outcomes import SOURCE, Applied, Outcome
from radius.protocol.attributes import AcctStatusType
from radius.records import Record, Totals, above, highest
from radius.repository import Advance, Leg

_RESTARTS = frozenset({AcctStatusType.ACCOUNTING_ON, AcctStatusType.ACCOUNTING_OFF})


def choose(records: Sequence[Record]) -> list[int]:
    """Return which records of a group may be taken out of their order, by index.

    Those are Interim-Updates that are alone: no other record of the group is about the same leg, and
    their NAS does not restart.
    """
    legs = Counter(record.leg for record in records)
    restarted = {record.device for record in records if record.kind in _RESTARTS}
    return [
        index
        for index, record in enumerate(records)
        if record.kind is AcctStatusType.INTERIM_UPDATE
        and legs[record.leg] == 1
        and record.device not in restarted
    ]


async def apply(tx: Tx, records: Sequence[Record], now: datetime) -> dict[int, Applied]:
    """Apply what can be applied quickly; return it by index into `records`."""
    chosen = choose(records)
    if not chosen:
        return {}
    legs = await repository.find_legs(tx, [records[index].leg for index in chosen])
    sessions = await reports.find_many(tx, {leg.session_id for leg in legs.values()})
    applied: dict[int, Applied] = {}
    advances: list[Advance] = []
    usages: list[Usage] = []
    for index in chosen:
        record = records[index]
        leg = legs.get(record.leg)
        session = None if leg is None else sessions.get(leg.session_id)
        if leg is None or leg.ended or session is None or session.ended_at is not None:
            continue
        new = above(leg.totals, record.totals)
        if new == Totals() and record.session_time_s <= leg.session_time_s:
            applied[index] = Applied(Outcome.REPEATED, session.id)
            continue
        applied[index] = Applied(Outcome.COUNTED, session.id)
        advances.append(_advance(leg, record))
        if session.gateway_id is None:
            usages.append(_usage(session, new))
    await repository.advance_legs(tx, advances, now)
    await reports.report(tx, usages, source=SOURCE, now=now)
    return applied


def _advance(leg: Leg, record: Record) -> Advance:
    return Advance(leg, highest(leg.totals, record.totals), max(leg.session_time_s, record.session_time_s))


def _usage(session: SessionView, new: Totals) -> Usage:
    return Usage(session.id, new.up_bytes, new.down_bytes, new.up_packets, new.down_packets)
