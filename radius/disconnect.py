"""Disconnect-Request to the NAS when a session ends elsewhere (RFC 5176 §2.1), until it is true.

A session ends by logout, quota or time; the NAS that still serves the device is told so. What it
answers is not believed blindly: if its accounting goes on for a session that has ended, it is told
again. What was missed while this daemon was away is found in the database at the start.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import UnavailableError
from controller.core.log import get_logger
from controller.sessions.events import SessionEnded
from radius import repository
from radius.client import exchange, fresh_authenticator, fresh_identifier
from radius.protocol import attributes as a
from radius.protocol.attributes import Code, ErrorCause
from radius.protocol.connection import FindClient
from radius.protocol.packet import Attribute, Packet, encode_integer, encode_text
from radius.protocol.requester import PendingRequest
from radius.records import DIGEST_PREFIX
from radius.repository import OpenLeg

LOG_UNANSWERED = "radius.disconnect_unanswered"

_log = get_logger(__name__)


class Answered(StrEnum):
    """What a NAS made of a Disconnect-Request; a closed set, because it is a metric label."""

    ACK = "ack"
    GONE = "gone"
    """NAK because the NAS does not know the session: it is over there too."""
    NAK = "nak"
    TIMEOUT = "timeout"
    UNKNOWN_NAS = "unknown-nas"
    """The NAS was removed from the table meanwhile."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How Disconnect-Requests are sent.

    Attributes:
        port: UDP port of the NASes (3799, RFC 5176 §2.1).
        timeout_s: pause before the first retransmission.
        tries: how often one is sent at most.
        at_once: how many NASes are asked at a time.
    """

    port: int = 3799
    timeout_s: float = 1.0
    tries: int = 4
    at_once: int = 64


def disconnect_attributes(leg: OpenLeg, now_s: int) -> list[Attribute]:
    """Return what identifies a leg to its NAS (RFC 5176 §3); `now_s` is Unix time, against replays."""
    attributes = [
        encode_text(a.CALLING_STATION_ID, leg.mac.replace(":", "-").upper()),
        encode_integer(a.EVENT_TIMESTAMP, now_s),
    ]
    if not leg.acct_session_id.startswith(DIGEST_PREFIX):
        attributes.insert(0, encode_text(a.ACCT_SESSION_ID, leg.acct_session_id))
    return attributes


def read_answer(packet: Packet) -> Answered:
    """Return what a genuine answer means."""
    if packet.code == Code.DISCONNECT_ACK:
        return Answered.ACK
    gone = packet.find_integer(a.ERROR_CAUSE) == ErrorCause.SESSION_CONTEXT_NOT_FOUND
    return Answered.GONE if gone else Answered.NAK


class Disconnector:
    """Sends Disconnect-Requests.

    Args:
        db: the database.
        find_client: gives the NAS of an IP address.
        clock: gives the time.
        count: told the NAS and what it answered.
        limits: ports and patience.
    """

    def __init__(
        self,
        db: Database,
        find_client: FindClient,
        clock: Clock,
        *,
        count: Callable[[str, str], None],
        limits: Limits,
    ) -> None:
        self._db = db
        self._find_client = find_client
        self._clock = clock
        self._count = count
        self._limits = limits
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._queued: set[str] = set()

    async def hear(self, event: SessionEnded) -> None:
        """Take note of a session's end."""
        self.request(event.session_id)

    def request(self, session_id: str) -> None:
        """Have every NAS that still serves the session told to end it."""
        if session_id not in self._queued:
            self._queued.add(session_id)
            self._waiting.put_nowait(session_id)

    async def reconcile(self) -> None:
        """Find sessions that ended while their NAS was not told."""
        async with self._db.reading() as tx:
            for session_id in await repository.list_sessions_to_disconnect(tx):
                self.request(session_id)

    async def run(self) -> None:
        """Tell NASes until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._limits.at_once):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            session_id = await self._waiting.get()
            self._queued.discard(session_id)
            async with self._db.reading() as tx:
                legs = await repository.list_open_legs(tx, session_id)
            for leg in legs:
                answered = await self._disconnect(leg)
                self._count(leg.nas_id, answered.value)
                if answered in {Answered.ACK, Answered.GONE}:
                    async with self._db.transaction() as tx:
                        await repository.end_legs(tx, [leg], self._clock.now())

    async def _disconnect(self, leg: OpenLeg) -> Answered:
        client = self._find_client(leg.address)
        if client is None:
            return Answered.UNKNOWN_NAS
        attributes = disconnect_attributes(leg, int(self._clock.now().timestamp()))
        for secret in client.secrets:  # in a rotation the NAS may still have the older one
            pending = PendingRequest(
                Code.DISCONNECT_REQUEST,
                fresh_identifier(),
                attributes,
                secret,
                random_authenticator=fresh_authenticator(),
            )
            try:
                return read_answer(
                    await exchange(
                        pending,
                        leg.address,
                        self._limits.port,
                        timeout_s=self._limits.timeout_s,
                        tries=self._limits.tries,
                    )
                )
            except UnavailableError:
                continue
        _log.warning(LOG_UNANSWERED, nas=leg.nas_id, session=leg.session_id)
        return Answered.TIMEOUT
