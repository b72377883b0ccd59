"""Turns the kernel's counters into accounting, exactly once.

How far a run of counters was accounted (its mark) is stored in the same transaction as the growth
that is added to the session. The kernel keeps a closed client's counters until that transaction has
committed. So a gateway killed at any moment loses nothing and counts nothing twice.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from captive_portal.gateway import repository
from captive_portal.gateway.gate.base import Gate, Ledger, Totals
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.repository import Mark, OpenSession
from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import NotFoundError
from controller.core.log import get_logger
from controller.sessions import service as sessions
from controller.sessions.types import Usage

LOG_UNKNOWN_SESSION = "accounting.unknown_session"

SOURCE = "gateway"
_TRANSACTION_SESSIONS = 100
"""Sessions in one transaction: writers of an embedded database wait for each other."""
_MARKS_KEPT = timedelta(hours=1)

_log = get_logger(__name__)


class Accountant:
    """Accounts the counters of one gateway."""

    def __init__(
        self, *, gateway_id: str, db: Database, gate: Gate, clock: Clock, metrics: GatewayMetrics
    ) -> None:
        self._gateway_id = gateway_id
        self._db = db
        self._gate = gate
        self._clock = clock
        self._metrics = metrics
        self._marks: dict[Mark, Totals] = {}
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Read the marks; before anything else."""
        async with self._db.reading() as tx:
            self._marks = await repository.list_marks(tx, self._gateway_id)

    def carried(self, session_id: str, ip: str) -> Totals:
        """Where counters of the session must start if the kernel has none: at their mark."""
        return self._marks.get((session_id, ip), Totals())

    async def poll(self) -> Sequence[Ledger]:
        """Account the growth of every ledger; returns all that the kernel holds."""
        ledgers = await self._gate.ledgers()
        await self.account(ledgers)
        return ledgers

    async def account(self, ledgers: Iterable[Ledger]) -> None:
        """Add what has grown to the sessions, in transactions of a hundred."""
        listed = list(ledgers)
        async with self._lock:  # two readers of one mark would count its growth twice
            grown = [
                (ledger, growth)
                for ledger in listed
                if (growth := ledger.totals.minus(self.carried(ledger.session_id, ledger.ip)))
            ]
            for start in range(0, len(grown), _TRANSACTION_SESSIONS):
                await self._account(grown[start : start + _TRANSACTION_SESSIONS])

    async def close_books(self, ledgers: Sequence[Ledger]) -> None:
        """Account closed clients' ledgers to the end; then the kernel may forget them."""
        if ledgers:
            await self.account(await self._gate.read(ledgers))

    async def purge(self) -> None:
        """Forget the marks of sessions that ended long ago."""
        async with self._lock:
            async with self._db.transaction() as tx:
                await repository.purge_marks(tx, self._gateway_id, self._clock.now() - _MARKS_KEPT)
                marks = await repository.list_marks(tx, self._gateway_id)
            self._marks = marks

    async def interim(self, open_sessions: Iterable[OpenSession]) -> None:
        """Write an interim record for each session whose interval is over."""
        now = self._clock.now()
        ids = [session.id for session in open_sessions]
        async with self._db.reading() as tx:
            current = await repository.find_open(tx, self._gateway_id, ids)
        due = [
            session.id
            for session in current
            if session.last_interim_at + timedelta(seconds=session.interim_s) <= now
        ]
        for start in range(0, len(due), _TRANSACTION_SESSIONS):
            async with self._db.transaction() as tx:
                for session_id in due[start : start + _TRANSACTION_SESSIONS]:
                    await sessions.interim(tx, session_id, source=SOURCE, now=now)

    async def _account(self, grown: Sequence[tuple[Ledger, Totals]]) -> None:
        marks = {(ledger.session_id, ledger.ip): ledger.totals for ledger, _ in grown}
        now = self._clock.now()
        async with self._db.transaction() as tx:
            for ledger, growth in grown:
                usage = Usage(
                    session_id=ledger.session_id,
                    up_bytes=growth.up_bytes,
                    down_bytes=growth.down_bytes,
                    up_packets=growth.up_packets,
                    down_packets=growth.down_packets,
                )
                try:
                    await sessions.use(tx, usage, source=SOURCE, now=now)
                except NotFoundError:
                    _log.warning(LOG_UNKNOWN_SESSION, session=ledger.session_id)
                    del marks[ledger.session_id, ledger.ip]
            await repository.put_marks(tx, self._gateway_id, marks)
        self._marks.update(marks)
        for ledger, growth in grown:
            if (ledger.session_id, ledger.ip) in marks:
                self._metrics.bytes.labels("up").inc(growth.up_bytes)
                self._metrics.bytes.labels("down").inc(growth.down_bytes)


def closed_ledgers(ledgers: Iterable[Ledger], holds: Callable[[str, str], bool]) -> list[Ledger]:
    """Ledgers whose (session, IP) is open no more."""
    return [ledger for ledger in ledgers if not holds(ledger.session_id, ledger.ip)]
