"""What a citizen can do on the portal, each in one transaction: ask for a code, log in, extend, leave.

It knows nothing of HTTP. It opens no gate: `sessions.start` and `sessions.end` leave events in the
outbox in the same transaction.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from captive_portal.handles import Handle, HandleCodec, HandleError
from captive_portal.portal import repository
from captive_portal.portal.methods.sms import Issued, SmsMethod
from captive_portal.portal.methods.voucher import VoucherMethod
from captive_portal.portal.metrics import PortalMetrics
from captive_portal.portal.sms.sender import Message, Sender, SendError
from captive_portal.portal.translations import translator
from captive_portal.portal.types import Challenge, Client, Fault
from controller.core.clock import Clock
from controller.core.db import Database, Tx, lock
from controller.core.errors import DeniedError
from controller.directory.service import Directory
from controller.directory.types import Login
from controller.sessions import service as sessions
from controller.sessions.types import SessionView, StartSession

_CODES_KEPT: Final = timedelta(days=2)
"""The caps count codes of the last day."""
_PURGE_S: Final = 600.0
_DENIED: Final = Fault("denied", "fault-denied")
_EXTEND: Final = Fault("extend", "fault-extend")


@dataclass(frozen=True, slots=True)
class Presence:
    """A client with what the pages need to know of it."""

    client: Client
    session: SessionView | None
    challenge: Challenge | None
    cooldown_s: int
    can_extend: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service stands on."""

    db: Database
    clock: Clock
    directory: Directory
    handles: HandleCodec
    sms: SmsMethod
    vouchers: VoucherMethod
    sender: Sender
    metrics: PortalMetrics
    extend_window_s: int


class PortalService:
    """The portal's use-cases."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._db = parts.db
        self._clock = parts.clock
        self._metrics = parts.metrics

    async def identify(self, handle_text: str, source_ip: str) -> Client | None:
        """Return the client that sends from `source_ip`, None if no gateway knows it.

        A handle is good only from the address it was made for, and only while no lease says that
        the address is somebody else's. Without a good handle the lease of the address decides, if
        just one gateway has it. So a handle or MAC seen elsewhere is of no use (MT_FREE, 2018).
        """
        now = self._clock.now()
        handle = self._open_handle(handle_text, now)
        async with self._db.reading() as tx:
            if handle is not None and handle.ip == source_ip:
                leased = await repository.find_client(tx, gateway_id=handle.gateway_id, ip=source_ip, now=now)
                if leased is None:
                    site_id = await repository.find_site(tx, gateway_id=handle.gateway_id)
                    return Client(handle.gateway_id, handle.mac, handle.ip, None, site_id)
                return leased if leased.mac == handle.mac else None
            found = await repository.find_clients_at(tx, ip=source_ip, now=now)
            return found[0] if len(found) == 1 else None

    async def identify_at(self, gateway_id: str, source_ip: str) -> Client | None:
        """Return the client that holds `source_ip` behind a gateway that it named itself."""
        async with self._db.reading() as tx:
            return await repository.find_client(
                tx, gateway_id=gateway_id, ip=source_ip, now=self._clock.now()
            )

    async def is_gateway(self, gateway_id: str) -> bool:
        """Tell whether there is such a gateway."""
        async with self._db.reading() as tx:
            return await repository.is_gateway(tx, gateway_id=gateway_id)

    def handle_for(self, client: Client) -> str:
        """Return a fresh handle for a client."""
        now = self._clock.now()
        return self._parts.handles.encode(Handle(client.gateway_id, client.mac, client.ip, now))

    async def presence(self, client: Client) -> Presence:
        """Return what is going on with a client."""
        now = self._clock.now()
        async with self._db.reading() as tx:
            session = await sessions.find_open(tx, mac=client.mac)
            if session is not None and session.seconds_remaining(now) <= 0:
                session = None
            if session is not None:
                extendable = await self._find_extendable(tx, session, now) is not None
                return Presence(client, session, None, 0, extendable)
            latest = await self._parts.sms.latest(tx, client)
        sms = self._parts.sms
        challenge = latest if sms.is_pending(latest, now=now) else None
        return Presence(client, None, challenge, sms.cooldown_s(latest, now=now), can_extend=False)

    async def request_code(self, client: Client, typed: str, *, language: str) -> Fault | None:
        """Send a code to a typed number; None if it is on its way."""
        async with self._db.transaction() as tx:
            issued = await self._parts.sms.issue(tx, client, typed, now=self._clock.now())
        if isinstance(issued, Fault):
            self._metrics.codes_requested.labels(issued.reason).inc()
            return self._refuse(issued)
        self._metrics.codes_requested.labels("accepted").inc()
        return await self._send(issued, language)

    async def enter_code(self, client: Client, typed: str) -> Fault | None:
        """Log in with a typed code; None if the client is online now."""
        now = self._clock.now()
        outcome: Login | Fault | None
        try:
            async with self._db.transaction() as tx:
                await lock(tx, client.mac.encode())  # forms are sent twice
                if await sessions.find_open(tx, mac=client.mac) is not None:
                    return None  # The form was sent twice.
                outcome = await self._parts.sms.check(tx, client, typed, now=now)
                if not isinstance(outcome, Fault):
                    await self._start(tx, client, outcome, "sms", now)
        except DeniedError:
            outcome = _DENIED
        if isinstance(outcome, Fault):
            self._metrics.codes_verified.labels(outcome.reason).inc()
            return self._refuse(outcome)
        self._metrics.codes_verified.labels("right").inc()
        self._metrics.logins.labels("sms").inc()
        return None

    async def redeem_voucher(self, client: Client, typed: str) -> Fault | None:
        """Log in with a typed voucher; None if the client is online now."""
        now = self._clock.now()
        outcome: Login | Fault | None
        try:
            async with self._db.transaction() as tx:
                await lock(tx, client.mac.encode())  # forms are sent twice
                if await sessions.find_open(tx, mac=client.mac) is not None:
                    return None
                outcome = await self._parts.vouchers.check(
                    tx, client, typed, now=now, monotonic=self._clock.monotonic()
                )
                if not isinstance(outcome, Fault):
                    await self._start(tx, client, outcome, "voucher", now)
        except DeniedError:
            outcome = _DENIED
        if isinstance(outcome, Fault):
            return self._refuse(outcome)
        self._metrics.logins.labels("voucher").inc()
        return None

    async def extend(self, client: Client) -> Fault | None:
        """Give a remembered device a new session in place of one that is about to end."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await lock(tx, client.mac.encode())  # forms are sent twice
            session = await sessions.find_open(tx, mac=client.mac)
            login = None if session is None else await self._find_extendable(tx, session, now)
            if login is not None:
                known, not_after = login
                await self._start(tx, client, known, "remembered", now, not_after=not_after)
        if login is None:
            return self._refuse(_EXTEND)
        self._metrics.extensions.inc()
        return None

    async def logout(self, client: Client) -> None:
        """End the client's session, if there is one; that also forgets the device."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            session = await sessions.find_open(tx, mac=client.mac)
            if session is None:
                return
            await sessions.end(tx, session.id, reason="user-request", now=now, source="gateway")
        self._metrics.logouts.inc()

    async def purge(self) -> None:
        """Delete old codes, every ten minutes until cancelled: a number is kept only while needed."""
        while True:
            async with self._db.transaction() as tx:
                await repository.purge_challenges(tx, before=self._clock.now() - _CODES_KEPT)
            await asyncio.sleep(_PURGE_S)

    def _open_handle(self, text: str, now: datetime) -> Handle | None:
        if not text:
            return None
        try:
            return self._parts.handles.decode(text, now)
        except HandleError as error:
            self._metrics.failures.labels(f"handle-{error.reason}").inc()
            return None

    async def _send(self, issued: Issued, language: str) -> Fault | None:
        text = translator(language)("sms-text", code=issued.code)
        started = self._clock.monotonic()
        try:
            await self._parts.sender.send(Message(issued.phone, text))
        except SendError as error:
            self._metrics.codes_sent.labels(error.reason).inc()
            async with self._db.transaction() as tx:
                await repository.mark_lost(tx, challenge_id=issued.challenge_id)
            return self._refuse(Fault(f"send-{error.reason}", "fault-send"))
        self._metrics.send_seconds.observe(self._clock.monotonic() - started)
        self._metrics.codes_sent.labels("sent").inc()
        async with self._db.transaction() as tx:
            await repository.mark_sent(tx, challenge_id=issued.challenge_id, now=self._clock.now())
        return None

    async def _start(
        self,
        tx: Tx,
        client: Client,
        login: Login,
        method: str,
        now: datetime,
        *,
        not_after: datetime | None = None,
    ) -> None:
        start = StartSession(
            mac=client.mac,
            ip=client.ip,
            gateway_id=client.gateway_id,
            account_id=login.account_id,
            device_id=login.device_id,
            plan=login.plan,
            method=method,
            ap_serial=client.ap_serial,
            site_id=client.site_id,
            not_after=not_after or login.not_after,
        )
        await sessions.start(tx, start, now)

    async def _find_extendable(
        self, tx: Tx, session: SessionView, now: datetime
    ) -> tuple[Login, datetime] | None:
        """Return whom a new session would be for and its latest end; None where none may be had.

        Only near the end, only for a device that is remembered beyond it, and never past a quota: a
        new session would start with a full one.
        """
        whole_s = (session.expires_at - session.started_at).total_seconds()
        window_s = min(self._parts.extend_window_s, whole_s / 2)
        if session.quota_bytes is not None or session.seconds_remaining(now) > window_s:
            return None
        known = await self._parts.directory.find_known_device(tx, mac=session.mac, now=now)
        if known is None or known.remembered_until is None or known.remembered_until <= session.expires_at:
            return None
        return Login(known.account_id, known.device_id, known.plan), known.remembered_until

    def _refuse(self, fault: Fault) -> Fault:
        self._metrics.failures.labels(fault.reason).inc()
        return fault
