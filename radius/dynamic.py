"""Disconnect-Request and CoA-Request that others send us (RFC 5176): the server side.

A trusted system, such as an upstream RADIUS proxy, ends a session by our Class, or by the device in
Calling-Station-Id or User-Name. The session ends in the database; the NAS hears of it like of every
other end (`disconnect`). Changing a session's authorisation is not offered: CoA is answered with a NAK.
Who may ask is settled before, by the settings; the NAS table alone is not enough.
"""

from dataclasses import dataclass
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.mac import Mac
from controller.sessions import service as sessions
from radius.protocol import attributes as a
from radius.protocol.attributes import Code, ErrorCause
from radius.protocol.connection import Client, FindClient, RequestReceived
from radius.protocol.errors import DropReason, UntrustedError
from radius.protocol.packet import Packet, encode_integer
from radius.reply import Answer
from radius.session_class import ClassCodec
from radius.stations import find_mac

END_REASON: Final = "admin"
SOURCE: Final = "radius"
_WINDOW_S: Final = 300
"""RFC 5176 §6.3: an Event-Timestamp further away is a replay, or a clock to be mended."""

ACK: Final = Answer(Code.DISCONNECT_ACK, (), "disconnect-ack")


@dataclass(frozen=True, slots=True)
class Target:
    """Which session is meant: by its id, or by its device. One of them is None."""

    session_id: str | None
    mac: Mac | None


def refuse(code: Code, cause: ErrorCause) -> Answer:
    """Return a NAK with its Error-Cause (RFC 5176 §3.5)."""
    outcome = "coa-nak" if code is Code.COA_NAK else "disconnect-nak"
    return Answer(code, (encode_integer(a.ERROR_CAUSE, cause),), outcome)


def find_target(packet: Packet, codec: ClassCodec) -> Target | None:
    """Return what a request names, or None if it names nothing we know sessions by."""
    promised = codec.find(packet.find_all(a.CLASS))
    if promised is not None:
        return Target(promised.session_id, None)
    mac = find_mac(packet.find_text(a.CALLING_STATION_ID)) or find_mac(packet.find_text(a.USER_NAME))
    return None if mac is None else Target(None, mac)


def check_fresh(packet: Packet, now_s: float) -> None:
    """Check that a request with an Event-Timestamp was made lately; `now_s` is Unix time.

    Raises:
        UntrustedError: it was not: it may be a replay.
    """
    made_at = packet.find_integer(a.EVENT_TIMESTAMP)
    if made_at is not None and abs(now_s - made_at) > _WINDOW_S:
        raise UntrustedError(DropReason.STALE)


def only(find_client: FindClient, ids: frozenset[str]) -> FindClient:
    """Return a look-up that knows only the clients of these identifiers."""

    def find(source: str) -> Client | None:
        client = find_client(source)
        return client if client is not None and client.id in ids else None

    return find


class DynamicAuthorization:
    """Answers Disconnect- and CoA-Requests.

    Args:
        db: the database.
        codec: reads our Class.
        clock: gives the time.
    """

    def __init__(self, db: Database, codec: ClassCodec, clock: Clock) -> None:
        self._db = db
        self._codec = codec
        self._clock = clock

    async def answer(self, request: RequestReceived) -> Answer:
        """Answer a request; an ACK means that the session has ended and is stored so.

        Raises:
            UntrustedError: it may be a replay.
        """
        now = self._clock.now()
        check_fresh(request.packet, now.timestamp())
        if request.packet.code != Code.DISCONNECT_REQUEST:
            return refuse(Code.COA_NAK, ErrorCause.UNSUPPORTED_SERVICE)
        target = find_target(request.packet, self._codec)
        if target is None:
            return refuse(Code.DISCONNECT_NAK, ErrorCause.MISSING_ATTRIBUTE)
        async with self._db.transaction() as tx:
            if target.mac is not None:
                session = await sessions.find_open(tx, mac=target.mac)
            else:
                session = await sessions.find(tx, target.session_id or "")
            if session is None or session.ended_at is not None:
                return refuse(Code.DISCONNECT_NAK, ErrorCause.SESSION_CONTEXT_NOT_FOUND)
            await sessions.end(tx, session.id, reason=END_REASON, now=now, source=SOURCE)
        return ACK
