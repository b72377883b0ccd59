"""Many sessions changed at a time: loaded in one statement, changed in memory, stored in a few.

The same rules as `service`'s, for callers with hundreds of changes a transaction, as RADIUS accounting.
Nothing is written before `save`. The caller has the locks (`load` says which).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.core import outbox
from controller.core.db import Tx, lock_all
from controller.core.ids import new_id
from controller.sessions import repository
from controller.sessions.events import SessionEnded, SessionStarted
from controller.sessions.quota import due_at, reason_due, reason_spent
from controller.sessions.types import REPLACED, TOO_MANY, StartSession, Usage


@dataclass(slots=True)
class Entry:
    """A session in the book: the columns of `controller.models.NetSession`, as they will be stored."""

    id: str
    account_id: str
    device_id: str
    mac: str
    ip: str
    gateway_id: str | None
    nas_id: str | None
    ap_serial: str | None
    site_id: str | None
    ssid: str
    plan_id: str
    method: str
    started_at: datetime
    expires_at: datetime
    idle_timeout_s: int
    quota_bytes: int | None
    last_used_at: datetime
    due_at: datetime
    last_interim_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    up_bytes: int
    down_bytes: int
    up_packets: int
    down_packets: int


class Book:
    """Sessions that one transaction changes.

    Args:
        source: who counts, in accounting records: `gateway` or `radius`.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._by_id: dict[str, Entry] = {}
        self._open_by_mac: dict[str, Entry] = {}
        self._open_by_account: dict[str, dict[str, Entry]] = {}
        self._new: dict[str, Entry] = {}
        self._changed: dict[str, Entry] = {}
        self._records: dict[tuple[str, str], tuple[Any, ...]] = {}
        """What is to be written, by session and kind: `repository.RECORD_COLUMNS`."""
        self._corrected: dict[str, Entry] = {}
        self._events: list[object] = []

    async def lock_starts(self, tx: Tx, *, macs: Collection[str], accounts: Collection[str]) -> None:
        """Lock whose sessions may begin, before `load`; the order of locks is in `service`."""
        await lock_all(tx, {mac.encode() for mac in macs})
        await lock_all(tx, {account.encode() for account in accounts})

    async def load(
        self, tx: Tx, *, ids: Collection[str], macs: Collection[str] = (), accounts: Collection[str] = ()
    ) -> None:
        """Load and lock sessions by id, and the open ones of devices and accounts."""
        for row in await repository.load_many(tx, ids=ids, macs=macs, accounts=accounts):
            self._take(Entry(*row))

    def find(self, session_id: str) -> Entry | None:
        """Return a session that was loaded or started."""
        return self._by_id.get(session_id)

    def find_open(self, mac: str) -> Entry | None:
        """Return the open session of a device."""
        return self._open_by_mac.get(mac)

    def start(self, request: StartSession, now: datetime) -> Entry:
        """Start a session; one the device has open ends, and so do the oldest beyond the plan's number."""
        former = self._open_by_mac.get(request.mac)
        if former is not None:
            over = former.due_at <= now
            self.end(former, reason_due(expires_at=former.expires_at, now=now) if over else REPLACED, now)
        others = sorted(
            self._open_by_account.get(request.account_id, {}).values(), key=lambda one: one.started_at
        )
        for surplus in others[: max(0, len(others) + 1 - request.plan.simultaneous_use)]:
            self.end(surplus, TOO_MANY, now)
        plan = request.plan
        expires_at = now + timedelta(seconds=plan.session_timeout_s)
        if request.not_after is not None:
            expires_at = min(expires_at, request.not_after)
        entry = Entry(
            id=request.choose_id(),
            account_id=request.account_id,
            device_id=request.device_id,
            mac=request.mac,
            ip=request.ip,
            gateway_id=request.gateway_id,
            nas_id=request.nas_id,
            ap_serial=request.ap_serial,
            site_id=request.site_id,
            ssid=request.ssid,
            plan_id=plan.id,
            method=request.method,
            started_at=now,
            expires_at=expires_at,
            idle_timeout_s=plan.idle_timeout_s,
            quota_bytes=plan.quota_bytes,
            last_used_at=now,
            due_at=due_at(expires_at=expires_at, last_used_at=now, idle_timeout_s=plan.idle_timeout_s),
            last_interim_at=now,
            ended_at=None,
            end_reason="",
            up_bytes=0,
            down_bytes=0,
            up_packets=0,
            down_packets=0,
        )
        self._take(entry)
        self._new[entry.id] = entry
        self._record(entry, "start", now)
        self._events.append(
            SessionStarted(
                session_id=entry.id,
                mac=entry.mac,
                ip=entry.ip,
                gateway_id=entry.gateway_id,
                expires_at=expires_at.timestamp(),
                idle_timeout_s=entry.idle_timeout_s,
                rate_down_kbps=plan.rate_down_kbps,
                rate_up_kbps=plan.rate_up_kbps,
            )
        )
        return entry

    def use(self, entry: Entry, usage: Usage, now: datetime) -> None:
        """Add what a session used; it ends if that uses up its volume, or its stop record is corrected."""
        entry.up_bytes += usage.up_bytes
        entry.down_bytes += usage.down_bytes
        entry.up_packets += usage.up_packets
        entry.down_packets += usage.down_packets
        self._changed[entry.id] = entry
        if entry.ended_at is not None:
            if (entry.id, "stop") in self._records:
                self._record(entry, "stop", entry.ended_at, cause=entry.end_reason)
            else:
                self._corrected[entry.id] = entry
            return
        if usage.up_packets or usage.up_bytes:
            entry.last_used_at = max(now, entry.last_used_at)
            entry.due_at = due_at(
                expires_at=entry.expires_at,
                last_used_at=entry.last_used_at,
                idle_timeout_s=entry.idle_timeout_s,
            )
        used = entry.up_bytes + entry.down_bytes
        spent = reason_spent(quota_bytes=entry.quota_bytes, used_bytes=used)
        if spent is not None:
            self.end(entry, spent, now)

    def interim(self, entry: Entry, now: datetime) -> None:
        """Have an interim record written; of several in one transaction the last."""
        entry.last_interim_at = now
        self._changed[entry.id] = entry
        self._record(entry, "interim", now)

    def end(self, entry: Entry, reason: str, now: datetime) -> bool:
        """End a session; False if it was over already."""
        if entry.ended_at is not None:
            return False
        entry.ended_at = now
        entry.end_reason = reason
        self._changed[entry.id] = entry
        if self._open_by_mac.get(entry.mac) is entry:
            del self._open_by_mac[entry.mac]
        self._open_by_account[entry.account_id].pop(entry.id, None)
        self._record(entry, "stop", now, cause=reason)
        self._events.append(
            SessionEnded(
                session_id=entry.id,
                mac=entry.mac,
                ip=entry.ip,
                gateway_id=entry.gateway_id,
                nas_id=entry.nas_id,
                reason=reason,
            )
        )
        return True

    async def save(self, tx: Tx) -> None:
        """Store all that changed, with its records and events."""
        # Ends first: a device may have one open session at a time.
        await repository.update_many(tx, [row for key, row in self._changed.items() if key not in self._new])
        await repository.insert_many(tx, self._new.values())
        await repository.add_records(tx, list(self._records.values()))
        await repository.correct_stops(tx, self._corrected.values())
        await outbox.add_all(tx, self._events)

    def _take(self, entry: Entry) -> None:
        self._by_id[entry.id] = entry
        if entry.ended_at is None:
            self._open_by_mac[entry.mac] = entry
            self._open_by_account.setdefault(entry.account_id, {})[entry.id] = entry

    def _record(self, entry: Entry, kind: str, now: datetime, *, cause: str = "") -> None:
        key = f"{entry.id}/interim/{int(now.timestamp())}" if kind == "interim" else f"{entry.id}/{kind}"
        seconds = max(0, int((now - entry.started_at).total_seconds()))
        self._records[entry.id, kind] = (
            new_id(), entry.id, kind, self._source, key, now, *repository.counted(entry), seconds, cause,
        )  # fmt: skip
