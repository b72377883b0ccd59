"""Legs of which nothing will be heard any more: of access points that are down, or silent for long.

Such a leg ends, and with its last leg the session, so that a device that vanished with its access point
does not stay online in the books and in its plan's number of devices. A session that goes on elsewhere,
or that a gateway counts, goes on.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from controller.core.db import Tx
from controller.sessions.book import Book
from radius.legs import repository
from radius.legs.book import Leg, LegBook
from radius.outcomes import SOURCE

_REASON: Final = "lost-carrier"
_INTERVALS: Final = 3
_BATCH: Final = 500


class Stale(StrEnum):
    """Why a leg counts as over; a closed set, because it is a metric label."""

    AP_DOWN = "ap-down"
    SILENT = "silent"


async def end_cut_off(tx: Tx, *, now: datetime, grace: timedelta) -> int:
    """End legs whose access point has been down for `grace` and that were not heard since; up to 500.

    Returns:
        how many sessions ended with them.
    """
    rows = await repository.list_cut_off(tx, before=now - grace, limit=_BATCH)
    return await _end(tx, rows, now, lambda _leg: True)


async def end_silent(tx: Tx, *, now: datetime, since: datetime, least: timedelta) -> int:
    """End legs not heard for three interim intervals of their plan, and for `least`; up to 500 a plan.

    Args:
        tx: the transaction.
        now: the present moment.
        since: since when records could have come: before, nobody was there to hear them.
        least: the shortest silence that counts.

    Returns:
        how many sessions ended with them.
    """
    ended = 0
    for interim_s, plan_ids in (await repository.list_intervals(tx)).items():
        before = now - max(least, timedelta(seconds=_INTERVALS * interim_s))
        if since <= before:
            rows = await repository.list_silent(tx, plan_ids=plan_ids, before=before, limit=_BATCH)
            ended += await _end(tx, rows, now, _heard_before(before))
    return ended


def _heard_before(moment: datetime) -> Callable[[Leg], bool]:
    return lambda leg: leg.heard_at < moment


async def _end(tx: Tx, rows: Sequence[Sequence[Any]], now: datetime, is_stale: Callable[[Leg], bool]) -> int:
    if not rows:
        return 0
    sessions, legs = Book(SOURCE), LegBook()
    found = [Leg(*row) for row in rows]
    stale, ids = {leg.key for leg in found}, {leg.session_id for leg in found}
    await sessions.load(tx, ids=ids)  # waits for whoever changes them at this moment
    await legs.load_open_of(tx, ids)
    for leg in legs.list_open():
        if leg.key in stale and is_stale(leg):
            legs.end(leg, now)
    ended = 0
    for session_id in sorted(ids):
        session = sessions.find(session_id)
        if session is None or session.gateway_id is not None or legs.has_open(session_id):
            continue
        ended += sessions.end(session, _REASON, now)
    await sessions.save(tx)
    await legs.save(tx)
    return ended
