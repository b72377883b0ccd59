"""Who has come: stores leases, and has known devices let in again with no page.

It hears of clients from DHCP, from the neighbour table and from the redirector, and asks
`sessions.resume_known`; the gate itself opens through the session's event. It decides nothing.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from captive_portal.gateway import repository
from captive_portal.gateway.gate.base import Client, Gate
from captive_portal.gateway.gate.reconcile import diff_bindings
from captive_portal.gateway.leases import Lease, LeaseChange, LeaseNote, LeaseTable
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.repository import LeaseRow
from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.log import get_logger
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.sessions import service as sessions

LOG_ADMITTED = "gateway.known_devices_admitted"

_BATCH = 200
_ASK_AGAIN_S = 20.0
"""A captive that keeps asking is looked up again only after this."""
_MAX_ASKED = 100_000
_NEIGHBOUR_KEPT = timedelta(hours=1)
_LEASE_KEPT = timedelta(days=1)

_log = get_logger(__name__)


class Admission:
    """Takes in clients of one gateway.

    Args:
        lan: addresses outside of it are nobody's.
        is_open: whether the gate is open for a client already.
        is_online: whether the MAC has an open session here, at whatever address. Hearsay (a neighbour
            entry, a lease from before) does not move such a session: it may be old, or a lie.
        admitted: told the session id of each device that was let in.
    """

    def __init__(
        self,
        *,
        gateway_id: str,
        lan: IPv4Network,
        db: Database,
        gate: Gate,
        clock: Clock,
        directory: Directory,
        metrics: GatewayMetrics,
        is_open: Callable[[Client], bool],
        is_online: Callable[[Mac], bool],
        admitted: Callable[[str], None],
    ) -> None:
        self._gateway_id = gateway_id
        self._lan = lan
        self._db = db
        self._gate = gate
        self._clock = clock
        self._directory = directory
        self._metrics = metrics
        self._is_open = is_open
        self._is_online = is_online
        self._admitted = admitted
        self._table = LeaseTable()
        self._notes: list[LeaseNote] = []
        self._seen: dict[Client, None] = {}
        self._asked: dict[Client, float] = {}
        self._wake = asyncio.Event()

    def find(self, ip: str) -> Client | None:
        """The client at an address."""
        return self._table.find(ip)

    def hear_lease(self, note: LeaseNote) -> None:
        """A lease has changed."""
        if IPv4Address(note.lease.client.ip) in self._lan:
            self._notes.append(note)
            self._wake.set()

    def see_neighbour(self, client: Client, fresh: bool) -> None:
        """Somebody answers at an address; one that contradicts a lease is no client."""
        if IPv4Address(client.ip) not in self._lan:
            return
        unknown = self._table.see(client) and self._table.find(client.ip) == client
        if unknown and fresh and not self._is_online(client.mac):
            self._seen[client] = None
            self._wake.set()

    def see_captive(self, client: Client) -> None:
        """A captive asked for a page: perhaps it is known and a word of it was lost."""
        now = self._clock.monotonic()
        if now - self._asked.get(client, -_ASK_AGAIN_S) < _ASK_AGAIN_S:
            return
        if len(self._asked) >= _MAX_ASKED:
            self._asked.clear()
        self._asked[client] = now
        self._seen[client] = None
        self._wake.set()

    async def start(self, leases: list[Lease]) -> None:
        """Begin with the leases of the file; bind their addresses and lift other bindings."""
        leases = [lease for lease in leases if IPv4Address(lease.client.ip) in self._lan]
        self._table.replace(leases)
        now = self._clock.now()
        rows = [LeaseRow(lease.client, now, lease.expires_at) for lease in leases]
        async with self._db.transaction() as tx:
            await repository.put_leases(tx, self._gateway_id, rows)
        self._metrics.leases.set(len(self._table))
        await self.reconcile_bindings()

    async def reconcile_bindings(self) -> None:
        """Have the kernel hold exactly the bindings of the leases."""
        snapshot = await self._gate.snapshot()
        changes = diff_bindings(self._table.bindings(), snapshot.bindings)
        await self._gate.unbind(changes.lift)
        await self._gate.bind(changes.bind)

    async def run(self) -> None:
        """Work off what is heard until cancelled."""
        while True:
            await self._wake.wait()
            await self.work_off()

    async def work_off(self) -> None:
        """Store what was heard and let known devices in, in transactions of two hundred."""
        self._wake.clear()
        while self._notes or self._seen:
            notes, self._notes = self._notes[:_BATCH], self._notes[_BATCH:]
            seen = dict.fromkeys(list(self._seen)[:_BATCH])
            for client in seen:
                del self._seen[client]
            with ExitStack() as undo:
                undo.callback(self._put_back, notes, seen)
                await self._take_in(notes, list(seen))
                undo.pop_all()

    async def tidy(self) -> None:
        """Forget leases that ran out."""
        now = self._clock.now()
        gone = [client for client in self._table.expired(now) if self._table.remove(client)]
        await self._gate.unbind({client.ip: client.mac for client in gone})
        self._metrics.leases.set(len(self._table))
        async with self._db.transaction() as tx:
            await repository.purge_leases(tx, self._gateway_id, now - _LEASE_KEPT)

    def _put_back(self, notes: list[LeaseNote], seen: dict[Client, None]) -> None:
        self._notes = [*notes, *self._notes]
        self._seen = {**seen, **self._seen}
        self._wake.set()

    async def _take_in(self, notes: list[LeaseNote], seen: list[Client]) -> None:
        now = self._clock.now()
        rows: dict[str, LeaseRow] = {}
        removed: list[Client] = []
        arrived: dict[Client, None] = {}
        for note in notes:
            client = note.lease.client
            if note.change is LeaseChange.DELETED:
                if self._table.remove(client):
                    await self._gate.unbind({client.ip: client.mac})
                removed.append(client)
                arrived.pop(client, None)
                continue
            before = self._table.put(note.lease)
            if before is not None:
                await self._gate.unbind({before.ip: before.mac})
            await self._gate.bind({client.ip: client.mac})
            rows[client.ip] = LeaseRow(client, now, note.lease.expires_at)
            if note.change is LeaseChange.ADDED or not self._is_online(client.mac):
                arrived[client] = None
        for client in seen:
            rows.setdefault(client.ip, LeaseRow(client, now, self._expiry(client, now)))
            arrived[client] = None
        self._metrics.leases.set(len(self._table))
        await self._store(rows, removed, [client for client in arrived if not self._is_open(client)], now)

    def _expiry(self, client: Client, now: datetime) -> datetime | None:
        lease = self._table.lease(client)
        return now + _NEIGHBOUR_KEPT if lease is None else lease.expires_at

    async def _store(
        self, rows: dict[str, LeaseRow], removed: list[Client], arrived: list[Client], now: datetime
    ) -> None:
        admitted: list[str] = []
        async with self._db.transaction() as tx:
            await repository.remove_leases(tx, self._gateway_id, removed)
            await repository.put_leases(tx, self._gateway_id, list(rows.values()))
            # In the order of MAC addresses, in which logins lock too when they lock several.
            for client in sorted(arrived, key=lambda each: each.mac):
                session = await sessions.resume_known(
                    tx,
                    mac=client.mac,
                    ip=client.ip,
                    gateway_id=self._gateway_id,
                    now=now,
                    directory=self._directory,
                )
                if session is not None:
                    admitted.append(session.id)
        for session_id in admitted:
            self._admitted(session_id)
        if admitted:
            self._metrics.known_devices.inc(len(admitted))
            _log.info(LOG_ADMITTED, clients=len(admitted))
