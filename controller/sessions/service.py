"""Sessions: start, move, use, end. Each step writes accounting and an event in the caller's transaction.

Nothing here opens a gate: gateways and RADIUS hear the events and act.

Whoever needs several locks takes them in this order, so that on PostgreSQL no two wait for each
other: the MAC address, the identity (`directory`), the account, device rows, session rows by id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from controller.core import outbox
from controller.core.db import Tx, lock
from controller.core.errors import NotFoundError
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.models import AccountingRecord, NetSession
from controller.sessions import repository
from controller.sessions.events import SessionEnded, SessionMoved, SessionStarted
from controller.sessions.quota import due_at, reason_due, reason_spent
from controller.sessions.types import REPLACED, TOO_MANY, USER_REQUEST, SessionView, StartSession, Usage

_DUE_BATCH = 500
PURGE_BATCH = 500


async def start(tx: Tx, request: StartSession, now: datetime, *, source: str = "gateway") -> SessionView:
    """Start a session; one the device has open ends, and so do the oldest beyond the plan's number.

    Args:
        tx: the transaction.
        request: whose, where and by which plan.
        now: the present moment.
        source: who counts the traffic: `gateway` or `radius`.
    """
    for key in (request.mac, request.account_id):
        await lock(tx, key.encode())
    others = []
    for session in await repository.lock_open(tx, account_id=request.account_id, mac=request.mac):
        if session.mac != request.mac:
            others.append(session)
            continue
        over = session.due_at <= now
        reason = reason_due(expires_at=session.expires_at, now=now) if over else REPLACED
        await _end(tx, session, reason=reason, now=now, source=source)
    others.sort(key=lambda session: session.started_at)
    for surplus in others[: max(0, len(others) + 1 - request.plan.simultaneous_use)]:
        await _end(tx, surplus, reason=TOO_MANY, now=now, source=source)
    expires_at = now + timedelta(seconds=request.plan.session_timeout_s)
    if request.not_after is not None:
        expires_at = min(expires_at, request.not_after)
    session = NetSession(
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
        plan_id=request.plan.id,
        method=request.method,
        started_at=now,
        expires_at=expires_at,
        idle_timeout_s=request.plan.idle_timeout_s,
        quota_bytes=request.plan.quota_bytes,
        last_used_at=now,
        last_interim_at=now,
        due_at=due_at(expires_at=expires_at, last_used_at=now, idle_timeout_s=request.plan.idle_timeout_s),
        end_reason="",
        up_bytes=0,
        down_bytes=0,
        up_packets=0,
        down_packets=0,
    )
    tx.add(session)
    await tx.flush()
    await repository.add_record(
        tx, session, kind="start", source=source, event_key=f"{session.id}/start", at=now
    )
    await outbox.add(
        tx,
        SessionStarted(
            session_id=session.id,
            mac=session.mac,
            ip=session.ip,
            gateway_id=session.gateway_id,
            expires_at=expires_at.timestamp(),
            idle_timeout_s=session.idle_timeout_s,
            rate_down_kbps=request.plan.rate_down_kbps,
            rate_up_kbps=request.plan.rate_up_kbps,
        ),
    )
    return repository.view(session)


async def resume_known(
    tx: Tx,
    *,
    mac: Mac,
    ip: str,
    gateway_id: str,
    now: datetime,
    directory: Directory,
    site_id: str | None = None,
    ap_serial: str | None = None,
) -> SessionView | None:
    """Let a device go on without a page, if it may.

    Its open session moves to this gateway and address; a remembered device without one gets a new
    session, which ends when it would have to log in again. None: it is captive.
    """
    await lock(tx, mac.encode())
    session = await repository.find_open(tx, mac)
    if session is not None and session.due_at > now:
        if (session.gateway_id, session.ip) == (gateway_id, ip):
            return repository.view(session)
        session = await repository.find_open(tx, mac, lock=True)
        if session is not None:
            await _move(tx, session, gateway_id=gateway_id, ip=ip)
            return repository.view(session)
    known = await directory.find_known_device(tx, mac=mac, now=now)
    if known is None:
        session = await repository.find_open(tx, mac, lock=True)
        if session is not None:
            reason = reason_due(expires_at=session.expires_at, now=now)
            await _end(tx, session, reason=reason, now=now, source="gateway")
        return None
    request = StartSession(
        mac=mac,
        ip=ip,
        gateway_id=gateway_id,
        account_id=known.account_id,
        device_id=known.device_id,
        plan=known.plan,
        method="remembered",
        site_id=site_id,
        ap_serial=ap_serial,
        not_after=known.remembered_until,
    )
    return await start(tx, request, now)


async def use(tx: Tx, usage: Usage, *, source: str, now: datetime) -> SessionView:
    """Add what a session used; it ends if that uses up its volume.

    Bytes told after the end are added too, and its stop record is corrected.

    Raises:
        NotFoundError: there is no such session.
    """
    session = await _get(tx, usage.session_id)
    session.up_bytes += usage.up_bytes
    session.down_bytes += usage.down_bytes
    session.up_packets += usage.up_packets
    session.down_packets += usage.down_packets
    if session.ended_at is not None:
        await tx.flush()
        await repository.correct_stop(tx, session)
        return repository.view(session)
    if usage.up_packets or usage.up_bytes:
        session.last_used_at = now
        session.due_at = due_at(
            expires_at=session.expires_at, last_used_at=now, idle_timeout_s=session.idle_timeout_s
        )
    spent = reason_spent(quota_bytes=session.quota_bytes, used_bytes=session.up_bytes + session.down_bytes)
    if spent is not None:
        await _end(tx, session, reason=spent, now=now, source=source)
    await tx.flush()
    return repository.view(session)


async def interim(tx: Tx, session_id: str, *, source: str, now: datetime) -> None:
    """Write an interim accounting record with the session's totals.

    Raises:
        NotFoundError: there is no such session.
    """
    session = await _get(tx, session_id)
    session.last_interim_at = now
    await tx.flush()
    await repository.add_record(
        tx,
        session,
        kind="interim",
        source=source,
        event_key=f"{session.id}/interim/{int(now.timestamp())}",
        at=now,
    )


async def end(tx: Tx, session_id: str, *, reason: str, now: datetime, source: str) -> SessionView | None:
    """End a session; None if it was over already. A logout by the citizen forgets the device.

    Raises:
        NotFoundError: there is no such session.
    """
    if reason == USER_REQUEST:
        session = await _get(tx, session_id, lock=False)
        await lock(tx, session.mac.encode())
        await repository.forget_device(tx, session.device_id)
    session = await _get(tx, session_id)
    if session.ended_at is not None:
        return None
    await _end(tx, session, reason=reason, now=now, source=source)
    return repository.view(session)


async def end_due(tx: Tx, *, now: datetime) -> list[str]:
    """End sessions whose time or idle time is over, up to 500; return their ids."""
    due = await repository.list_due(tx, now, _DUE_BATCH)
    for session in due:
        await _end(
            tx, session, reason=reason_due(expires_at=session.expires_at, now=now), now=now, source="gateway"
        )
    return [session.id for session in due]


async def purge(tx: Tx, *, before: datetime) -> int:
    """Delete up to `PURGE_BATCH` sessions that ended before then, and their accounting; return how many."""
    return await repository.delete_ended(tx, before, PURGE_BATCH)


async def find(tx: Tx, session_id: str) -> SessionView | None:
    """Return a session by its id."""
    session = await repository.find(tx, session_id)
    return None if session is None else repository.view(session)


async def get(tx: Tx, session_id: str) -> SessionView:
    """Return a session by its id.

    Raises:
        NotFoundError: there is none.
    """
    return repository.view(await _get(tx, session_id, lock=False))


async def find_open(tx: Tx, *, mac: Mac) -> SessionView | None:
    """Return the open session of a device."""
    session = await repository.find_open(tx, mac)
    return None if session is None else repository.view(session)


async def list_open(tx: Tx, *, gateway_id: str | None = None) -> list[SessionView]:
    """Return every open session, newest first, of one gateway if named."""
    return await list_sessions(tx, gateway_id=gateway_id, only_open=True)


async def list_sessions(
    tx: Tx,
    *,
    gateway_id: str | None = None,
    site_id: str | None = None,
    account_id: str | None = None,
    only_open: bool = False,
    before: str | None = None,
    limit: int | None = None,
) -> list[SessionView]:
    """Return sessions, newest first; `before` is the id after which the next page begins."""
    rows = await repository.list_sessions(
        tx,
        gateway_id=gateway_id,
        site_id=site_id,
        account_id=account_id,
        only_open=only_open,
        before=before,
        limit=limit,
    )
    return [repository.view(row) for row in rows]


async def list_records(tx: Tx, session_id: str) -> Sequence[AccountingRecord]:
    """Return a session's accounting records, oldest first."""
    return await repository.list_records(tx, session_id)


async def _get(tx: Tx, session_id: str, *, lock: bool = True) -> NetSession:
    session = await repository.find(tx, session_id, lock=lock)
    if session is None:
        raise NotFoundError(f"there is no session {session_id}", hint="`kolco session list` shows them")
    return session


async def _move(tx: Tx, session: NetSession, *, gateway_id: str, ip: str) -> None:
    left = session.gateway_id
    session.gateway_id = gateway_id
    session.ip = ip
    await tx.flush()
    await outbox.add(
        tx,
        SessionMoved(
            session_id=session.id, mac=session.mac, ip=ip, gateway_id=gateway_id, from_gateway_id=left
        ),
    )


async def _end(tx: Tx, session: NetSession, *, reason: str, now: datetime, source: str) -> None:
    session.ended_at = now
    session.end_reason = reason
    await tx.flush()
    await repository.add_record(
        tx, session, kind="stop", source=source, event_key=f"{session.id}/stop", at=now, cause=reason
    )
    await outbox.add(
        tx,
        SessionEnded(
            session_id=session.id,
            mac=session.mac,
            ip=session.ip,
            gateway_id=session.gateway_id,
            nas_id=session.nas_id,
            reason=reason,
        ),
    )
