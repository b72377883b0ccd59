"""Disconnect-Request and CoA-Request that others send us (RFC 5176): the server side.

A trusted system, such as an upstream RADIUS proxy, names a session by our Class, or by the device in
Calling-Station-Id or User-Name. A Disconnect ends the session in the database; the NAS hears of it like
of every other end (`served.disconnect`). A CoA may shorten its time, and change its idle time and rates:
the NAS that serves it is asked first, in its maker's attributes, and what it refuses is refused. All else
is answered with a NAK and its cause. Who may ask is settled before, by the settings; the NAS table alone
is not enough.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database, Tx
from controller.core.mac import Mac
from controller.sessions import service as sessions
from controller.sessions.types import SessionView
from radius.protocol import attributes as a
from radius.protocol.attributes import Code, ErrorCause, ServiceType
from radius.protocol.connection import Client, FindClient, RequestReceived
from radius.protocol.errors import DropReason, UntrustedError
from radius.protocol.packet import Attribute, Packet, encode_integer, iter_vendor
from radius.reply import Answer
from radius.served import repository
from radius.served.ask import Unreachable
from radius.served.identify import Served, identify
from radius.session_class import ClassCodec
from radius.stations import find_mac
from radius.vendors import GENERIC, rate_attributes

END_REASON: Final = "admin"
SOURCE: Final = "radius"
_WINDOW_S: Final = 300
"""RFC 5176 §6.3: an Event-Timestamp further away is a replay, or a clock to be mended."""
_MOST_ANSWERED: Final = 100_000

ACK: Final = Answer(Code.DISCONNECT_ACK, (), "disconnect-ack")
COA_ACK: Final = Answer(Code.COA_ACK, (), "coa-ack")

_BESIDES: Final = frozenset(
    {
        a.USER_NAME,
        a.NAS_IP_ADDRESS,
        a.NAS_PORT,
        a.FRAMED_IP_ADDRESS,
        a.CLASS,
        a.CALLED_STATION_ID,
        a.CALLING_STATION_ID,
        a.NAS_IDENTIFIER,
        a.PROXY_STATE,
        a.ACCT_SESSION_ID,
        a.ACCT_MULTI_SESSION_ID,
        a.EVENT_TIMESTAMP,
        a.NAS_PORT_TYPE,
        a.MESSAGE_AUTHENTICATOR,
        a.CHARGEABLE_USER_IDENTITY,
        a.OPERATOR_NAME,
    }
)
"""Attributes of a CoA-Request that identify, and change nothing."""
_MAY_CHANGE: Final = _BESIDES | {a.SESSION_TIMEOUT, a.IDLE_TIMEOUT, a.VENDOR_SPECIFIC, a.SERVICE_TYPE}
_BITS_PER_KILOBIT: Final = 1_000

Ask = Callable[[str, Code, Sequence[Attribute]], Awaitable[Packet]]
"""Sends a request to the NAS at an address and returns its answer; raises `Unreachable`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a CoA-Request wants of a session; None is left as it is.

    Attributes:
        session_s: seconds from now after which it ends at the latest.
        idle_s: longest silence.
        down_kbps: rate towards the device.
        up_kbps: rate from it.
    """

    session_s: int | None = None
    idle_s: int | None = None
    down_kbps: int | None = None
    up_kbps: int | None = None


def read_change(packet: Packet) -> Change | ErrorCause:
    """Return what a CoA-Request wants, or why it cannot be done (RFC 5176 §3.5)."""
    if packet.find_integer(a.SERVICE_TYPE) == ServiceType.AUTHORIZE_ONLY:
        return ErrorCause.UNSUPPORTED_SERVICE
    rates = (a.WISPR_BANDWIDTH_MAX_DOWN, a.WISPR_BANDWIDTH_MAX_UP)
    for vendor, kind, _ in iter_vendor(packet.attributes):
        if vendor != a.VENDOR_WISPR or kind not in rates:
            return ErrorCause.UNSUPPORTED_ATTRIBUTE
    if any(kind not in _MAY_CHANGE for kind, _ in packet.attributes):
        return ErrorCause.UNSUPPORTED_ATTRIBUTE
    values = [packet.find(a.SESSION_TIMEOUT), packet.find(a.IDLE_TIMEOUT)]
    values += [packet.find_vendor(a.VENDOR_WISPR, kind) for kind in rates]
    if all(value is None for value in values):
        return ErrorCause.MISSING_ATTRIBUTE
    if any(value is not None and len(value) != _UINT32 for value in values):
        return ErrorCause.INVALID_ATTRIBUTE_VALUE
    session_s, idle_s, down, up = (
        None if value is None else int.from_bytes(value, "big") for value in values
    )
    return Change(session_s, idle_s, _kbps(down), _kbps(up))


def change_to_send(vendor: str, change: Change) -> list[Attribute]:
    """Return a change in the attributes of a NAS's maker."""
    attributes = [
        encode_integer(kind, seconds)
        for kind, seconds in ((a.SESSION_TIMEOUT, change.session_s), (a.IDLE_TIMEOUT, change.idle_s))
        if seconds is not None
    ]
    return [*attributes, *rate_attributes(vendor, change.down_kbps, change.up_kbps)]


def _kbps(bits: int | None) -> int | None:
    return None if bits is None else max(1, bits // _BITS_PER_KILOBIT)


_UINT32: Final = 4


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


class Replays:
    """Requests that were answered, until their Event-Timestamp says by itself that they are old.

    The duplicate cache knows a request by where it came from and forgets it sooner; who repeats what they
    overheard may send it from another port, some minutes later. One without Event-Timestamp cannot be told
    from an honest request for the same thing.
    """

    def __init__(self) -> None:
        self._answered: dict[tuple[str, bytes], float] = {}

    def check(self, request: RequestReceived) -> None:
        """Check that a request was not answered before.

        Raises:
            UntrustedError: it was: it is a replay.
        """
        if (request.client.id, request.packet.authenticator) in self._answered:
            raise UntrustedError(DropReason.STALE)

    def note(self, request: RequestReceived, now_s: float) -> None:
        """Note that a request is answered; `now_s` is Unix time."""
        answered = self._answered
        while answered and (next(iter(answered.values())) <= now_s or len(answered) >= _MOST_ANSWERED):
            del answered[next(iter(answered))]
        if a.EVENT_TIMESTAMP in request.packet:
            # Its authenticator is a digest of all of it and of the secret. A clock may be ahead by a window.
            answered[request.client.id, request.packet.authenticator] = now_s + 2 * _WINDOW_S


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
        ask: asks the NAS that serves a session.
        find_client: gives the NAS of an IP address.
    """

    def __init__(
        self, db: Database, codec: ClassCodec, clock: Clock, *, ask: Ask, find_client: FindClient
    ) -> None:
        self._db = db
        self._codec = codec
        self._clock = clock
        self._ask = ask
        self._find_client = find_client
        self._replays = Replays()

    async def answer(self, request: RequestReceived) -> Answer:
        """Answer a request; an ACK means that it is done, and stored.

        Raises:
            UntrustedError: it may be a replay.
        """
        now = self._clock.now()
        check_fresh(request.packet, now.timestamp())
        self._replays.check(request)
        answer = await self._answer(request, now)
        self._replays.note(request, now.timestamp())
        return answer

    async def _answer(self, request: RequestReceived, now: datetime) -> Answer:
        if request.packet.code != Code.DISCONNECT_REQUEST:
            return await self._change(request.packet)
        target = find_target(request.packet, self._codec)
        if target is None:
            return refuse(Code.DISCONNECT_NAK, ErrorCause.MISSING_ATTRIBUTE)
        async with self._db.transaction() as tx:
            session = await _find(tx, target)
            if session is None or session.ended_at is not None:
                return refuse(Code.DISCONNECT_NAK, ErrorCause.SESSION_CONTEXT_NOT_FOUND)
            await sessions.end(tx, session.id, reason=END_REASON, now=now, source=SOURCE)
        return ACK

    async def _change(self, packet: Packet) -> Answer:
        change = read_change(packet)
        if isinstance(change, ErrorCause):
            return refuse(Code.COA_NAK, change)
        target = find_target(packet, self._codec)
        if target is None:
            return refuse(Code.COA_NAK, ErrorCause.MISSING_ATTRIBUTE)
        async with self._db.reading() as tx:
            session = await _find(tx, target)
            parts = () if session is None else await repository.list_served(tx, session.id)
        if session is None or session.ended_at is not None:
            return refuse(Code.COA_NAK, ErrorCause.SESSION_CONTEXT_NOT_FOUND)
        if not parts and (change.down_kbps is not None or change.up_kbps is not None):
            return refuse(Code.COA_NAK, ErrorCause.UNSUPPORTED_ATTRIBUTE)
        for served in parts:
            cause = await self._pass_on(served, change)
            if cause is not None:
                return refuse(Code.COA_NAK, cause)
        now = self._clock.now()
        expires_at = None if change.session_s is None else now + timedelta(seconds=change.session_s)
        async with self._db.transaction() as tx:
            await repository.limit_session(
                tx, session.id, expires_at=expires_at, idle_timeout_s=change.idle_s
            )
        return COA_ACK

    async def _pass_on(self, served: Served, change: Change) -> ErrorCause | None:
        """Have the NAS change a session; return why it does not."""
        client = self._find_client(served.address)
        attributes = change_to_send(GENERIC if client is None else client.vendor, change)
        try:
            answer = await self._ask(served.address, Code.COA_REQUEST, [*identify(served)[0], *attributes])
        except Unreachable:
            return ErrorCause.REQUEST_NOT_ROUTABLE
        if answer.code == Code.COA_ACK:
            return None
        try:
            return ErrorCause(answer.find_integer(a.ERROR_CAUSE) or 0)
        except ValueError:
            return ErrorCause.ADMINISTRATIVELY_PROHIBITED


async def _find(tx: Tx, target: Target) -> SessionView | None:
    if target.mac is not None:
        return await sessions.find_open(tx, mac=target.mac)
    return await sessions.find(tx, target.session_id or "")
