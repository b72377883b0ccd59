"""Makes the kernel's gate agree with the database: at once on events, and in full now and then.

Events only say *which* session to look at; what to do is read from the database, so that a repeated
or late event does no harm. It does no accounting (see `accounting`) and lets nobody in by itself.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime

from captive_portal.gateway import repository
from captive_portal.gateway.accounting import Accountant
from captive_portal.gateway.gate.base import Client, Gate, Ledger, Pass, Snapshot, Totals
from captive_portal.gateway.gate.reconcile import diff_gate
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.repository import OpenSession
from controller.core.bus import Bus
from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import UnavailableError
from controller.core.log import get_logger
from controller.core.mac import Mac
from controller.sessions.events import SessionEnded, SessionMoved, SessionStarted

LOG_OPENED = "gate.opened"
LOG_CLOSED = "gate.closed"
LOG_REFUSED = "gate.refused"
LOG_RECONCILED = "gate.reconciled"

_LOGGED = 10
"""Session ids in one line of the log."""

_log = get_logger(__name__)


class Gatekeeper:
    """Opens and closes clients of one gateway.

    Args:
        gateway_id: which sessions are ours.
        accountant: closes the books of ledgers before the kernel forgets them, and says where the
            counters of a session start if the kernel has none.
    """

    def __init__(
        self,
        *,
        gateway_id: str,
        db: Database,
        gate: Gate,
        clock: Clock,
        metrics: GatewayMetrics,
        accountant: Accountant,
    ) -> None:
        self._gateway_id = gateway_id
        self._db = db
        self._gate = gate
        self._clock = clock
        self._metrics = metrics
        self._accountant = accountant
        self._lock = asyncio.Lock()
        self._pending: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._open: dict[str, OpenSession] = {}
        self._by_ip: dict[str, str] = {}
        """The session that holds an address. One at most: what comes down is told apart by it alone."""
        self._macs: set[Mac] = set()
        self._reconciling = asyncio.Lock()
        self._touched: set[Client] = set()
        """Clients opened or closed since the last snapshot was begun."""
        self._closed: list[Ledger] = []
        self._has_closed = asyncio.Event()
        self._owner: dict[str, Ledger] = {}
        """The ledger that stands at an address, by IP."""

    def subscribe(self, bus: Bus) -> None:
        """Hear of sessions."""
        bus.subscribe(SessionStarted, self._on_started)
        bus.subscribe(SessionMoved, self._on_moved)
        bus.subscribe(SessionEnded, self._on_ended)
        bus.on_gap(self.reconcile)

    async def _on_started(self, event: SessionStarted) -> None:
        if event.gateway_id == self._gateway_id:
            self.refresh(event.session_id)

    async def _on_moved(self, event: SessionMoved) -> None:
        if self._gateway_id in {event.gateway_id, event.from_gateway_id}:
            self.refresh(event.session_id)

    async def _on_ended(self, event: SessionEnded) -> None:
        if event.gateway_id == self._gateway_id or event.session_id in self._open:
            self.refresh(event.session_id)

    def refresh(self, session_id: str) -> None:
        """Look at a session again, soon and without waiting."""
        self._pending.setdefault(session_id, self._clock.monotonic())
        self._wake.set()

    def _put_back(self, pending: Mapping[str, float]) -> None:
        for session_id, since in pending.items():
            self._pending.setdefault(session_id, since)
        self._wake.set()

    def is_open(self, client: Client) -> bool:
        """Whether the client may pass now."""
        session = self._open.get(self._by_ip.get(client.ip, ""))
        return session is not None and session.client == client and session.expires_at > self._clock.now()

    def is_online(self, mac: Mac) -> bool:
        """Whether the MAC has an open session here, at whatever address."""
        return mac in self._macs

    def holds(self, session_id: str, ip: str) -> bool:
        """Whether the session is open at the address, or about to be looked at."""
        session = self._open.get(session_id)
        return session_id in self._pending or (session is not None and session.client.ip == ip)

    def open_sessions(self) -> Mapping[str, OpenSession]:
        """Sessions that are open here, by id."""
        return self._open

    async def run(self) -> None:
        """Work off refreshes until cancelled."""
        while True:
            await self._wake.wait()
            await self.work_off()

    async def work_off(self) -> None:
        """Bring every session that was asked for into agreement."""
        self._wake.clear()
        pending, self._pending = self._pending, {}
        if not pending:
            return
        with ExitStack() as undo:
            undo.callback(self._put_back, pending)  # nothing is lost: the supervisor runs us again
            async with self._lock:
                async with self._db.reading() as tx:
                    found = await repository.find_open(tx, self._gateway_id, list(pending))
                await self._apply({session.id: session for session in found}, list(pending))
            undo.pop_all()
        now = self._clock.monotonic()
        for since in pending.values():
            self._metrics.latency.observe(now - since)

    async def reconcile(self) -> None:
        """Compare the whole kernel with the whole database and mend every difference."""
        async with self._reconciling:
            self._touched = set()
            taken_at = self._clock.now()
            snapshot = await self._gate.snapshot()
            # The database is read after the kernel, and nothing opens between here and the end: who is
            # not in it may be closed, whatever has happened since the snapshot.
            async with self._lock:
                await self._reconcile(snapshot, taken_at)

    async def _reconcile(self, snapshot: Snapshot, taken_at: datetime) -> None:
        async with self._db.reading() as tx:
            sessions = await repository.list_open(tx, self._gateway_id)
        now = self._clock.now()
        sessions = newest_by_address(session for session in sessions if session.expires_at > now)
        by_client = {session.client: session for session in sessions}
        desired = {client: self._pass(session, taken_at) for client, session in by_client.items()}
        changes = diff_gate(desired, self._installed(snapshot, taken_at))
        self._owner = {**{ledger.ip: ledger for ledger in snapshot.ledgers}, **self._owner}
        if changes.close:
            await self._gate.close(changes.close)
            self._metrics.closes.inc(len(changes.close))
        opens = {entry.client for entry in (*changes.missing, *changes.renewed)}
        # The pair is right but the counters are another session's: it changed hands meanwhile.
        opens |= {
            client
            for client, session in by_client.items()
            if (owner := self._owner.get(client.ip)) is not None and owner.session_id != session.id
        }
        refused = await self._open_all([self._pass(by_client[client], now) for client in opens])
        sessions = [session for session in sessions if session.id not in refused]
        self._open = {session.id: session for session in sessions}
        self._by_ip = {session.client.ip: session.id for session in sessions}
        self._macs = {session.client.mac for session in sessions}
        self._count()
        self._metrics.reconciles.inc()
        counts = {
            "closed": len(changes.close),
            "opened": len(changes.missing),
            "renewed": len(changes.renewed),
        }
        for kind, number in counts.items():
            self._metrics.reconcile_diffs.labels(kind).inc(number)
        if changes:
            _log.info(LOG_RECONCILED, sessions=len(sessions), **counts)

    def _installed(self, snapshot: Snapshot, taken_at: datetime) -> dict[Client, float]:
        """Remaining seconds by client: the snapshot, and our own word for what changed meanwhile."""
        installed = dict(snapshot.open)
        for client in self._touched:
            holder = self._open.get(self._by_ip.get(client.ip, ""))
            if holder is not None and holder.client == client:
                installed[client] = (holder.expires_at - taken_at).total_seconds()
            else:
                installed.pop(client, None)
        return installed

    async def expire(self) -> None:
        """Take leave of sessions whose time is over; the kernel has cut them already."""
        now = self._clock.now()
        for session in list(self._open.values()):
            if session.expires_at <= now:
                self.refresh(session.id)

    async def run_settling(self) -> None:
        """Account and forget what was closed, soon after it was; until cancelled.

        What is missed here (a crash) the next reading of all counters finds.
        """
        while True:
            await self._has_closed.wait()
            self._has_closed.clear()
            closed, self._closed = self._closed, []
            await self.settle(closed)

    async def settle(self, ledgers: Sequence[Ledger]) -> None:
        """Account and delete ledgers that nobody holds any more; one that came back is left alone."""
        closed = [ledger for ledger in ledgers if not self.holds(ledger.session_id, ledger.ip)]
        await self._accountant.close_books(closed)
        async with self._lock:
            await self._forget([led for led in closed if not self.holds(led.session_id, led.ip)])

    async def _forget(self, ledgers: Sequence[Ledger]) -> None:
        await self._gate.forget(ledgers)
        for ledger in ledgers:
            owner = self._owner.get(ledger.ip)
            if owner is not None and owner.session_id == ledger.session_id:
                del self._owner[ledger.ip]

    async def _apply(self, found: Mapping[str, OpenSession], ids: Sequence[str]) -> None:
        """Close, then open, then remember: what the kernel refused is not remembered as done."""
        now = self._clock.now()
        leaving: dict[str, OpenSession] = {}
        entering: list[OpenSession] = []
        for session_id in ids:
            session = found.get(session_id)
            before = self._open.get(session_id)
            current = session is not None and session.expires_at > now
            if before is not None and (not current or session is None or session.client != before.client):
                leaving[session_id] = before
            if current and session is not None and session != before:
                entering.append(session)
        entering = [session for session in newest_by_address(entering) if not self._outranked(session)]
        for session in entering:
            holder = self._open.get(self._by_ip.get(session.client.ip, ""))
            if holder is not None and holder.id != session.id:
                leaving[holder.id] = holder
        # A client whose session was replaced by another of its own passes without a gap.
        staying = {session.client for session in entering}
        close = [
            gone.client
            for gone in leaving.values()
            if gone.client not in staying and self._by_ip.get(gone.client.ip) == gone.id
        ]
        self._touched.update(close, staying)
        if close:
            await self._gate.close(close)
            self._metrics.closes.inc(len(close))
            _log.info(LOG_CLOSED, clients=len(close), sessions=list(leaving)[:_LOGGED])
        for gone in leaving.values():
            self._leave(gone)
        refused = await self._open_all([self._pass(session, now) for session in entering])
        for session in entering:
            if session.id in refused:
                continue  # the next comparison of kernel and database tries again
            self._open[session.id] = session
            self._by_ip[session.client.ip] = session.id
            self._macs.add(session.client.mac)
        self._count()

    def _outranked(self, session: OpenSession) -> bool:
        """Whether a newer session holds its address: a late event, or a lease that passed on."""
        holder = self._by_ip.get(session.client.ip)
        return holder is not None and holder > session.id

    def _leave(self, session: OpenSession) -> None:
        self._open.pop(session.id, None)
        if self._by_ip.get(session.client.ip) == session.id:
            del self._by_ip[session.client.ip]
            self._macs.discard(session.client.mac)
        self._closed.append(Ledger(session.id, session.client.ip, session.client.mac, Totals()))
        self._has_closed.set()

    async def _open_all(self, opens: Sequence[Pass]) -> set[str]:
        """Open clients; returns the sessions that the kernel refused, of which one must not stop all."""
        if not opens:
            return set()
        occupied = [
            owner
            for entry in opens
            if (owner := self._owner.get(entry.client.ip)) is not None
            and (owner.session_id, owner.mac) != (entry.session_id, entry.client.mac)
        ]
        if occupied:
            await self._accountant.close_books(occupied)
            await self._forget(occupied)
        refused: set[str] = set()
        try:
            await self._gate.open(opens)
        except UnavailableError:
            for entry in opens:
                try:
                    await self._gate.open([entry])
                except UnavailableError as error:
                    refused.add(entry.session_id)
                    self._metrics.gate_errors.inc()
                    _log.error(LOG_REFUSED, session=entry.session_id, error=error.message)
        opened = [entry for entry in opens if entry.session_id not in refused]
        for entry in opened:
            client = entry.client
            self._owner[client.ip] = Ledger(entry.session_id, client.ip, client.mac, Totals())
        self._metrics.opens.inc(len(opened))
        _log.info(LOG_OPENED, clients=len(opened), sessions=[entry.session_id for entry in opened[:_LOGGED]])
        return refused

    def _pass(self, session: OpenSession, now: datetime) -> Pass:
        return Pass(
            session.id,
            session.client,
            (session.expires_at - now).total_seconds(),
            session.rate_up,
            session.rate_down,
            self._accountant.carried(session.id, session.client.ip),
        )

    def _count(self) -> None:
        self._metrics.sessions_open.set(len(self._open))


def newest_by_address(sessions: Iterable[OpenSession]) -> list[OpenSession]:
    """One session for each address: the newest, as ids tell."""
    newest = {session.client.ip: session for session in sorted(sessions, key=lambda session: session.id)}
    return list(newest.values())
