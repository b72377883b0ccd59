"""One listening port's protocol state: who may send, what is genuine, what was answered already.

Datagrams and the time go in; events come out, and the octets of replies. No IO, no policy: the
caller decides what to answer. One `Connection` serves all NASes of a port, because RADIUS over UDP
has no connections; its only memory is the duplicate cache (RFC 5080 §2.2.2).

Rules for a request, in this order (the first that fails drops it, with its reason):

1. the source belongs to a known NAS;
2. it is no retransmission: one already answered is answered again with the very same octets;
3. it parses, and its code belongs to this port;
4. its Request Authenticator is right (accounting, CoA and Disconnect);
5. Message-Authenticator, where present, is right, wherever it stands;
6. where absent: never with EAP-Message (RFC 3579 §3.1) or Status-Server (RFC 5997 §3); in an
   Access-Request only if the NAS is excused, and then not with Proxy-State unless it is a proxy
   (CVE-2024-3596, draft-ietf-radext-deprecating-radius).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from radius.protocol.attributes import EAP_MESSAGE, PROXY_STATE, Code
from radius.protocol.authenticator import is_message_authentic, is_request_authentic, sign_reply, trim
from radius.protocol.errors import DropReason, MalformedError, PeerError, UntrustedError
from radius.protocol.packet import AUTHENTICATOR_LENGTH, HEADER_LENGTH, Attribute, Packet, parse_packet

AUTH_CODES: Final = frozenset({Code.ACCESS_REQUEST, Code.STATUS_SERVER})
ACCT_CODES: Final = frozenset({Code.ACCOUNTING_REQUEST, Code.STATUS_SERVER})
DYNAMIC_CODES: Final = frozenset({Code.COA_REQUEST, Code.DISCONNECT_REQUEST})

Address = tuple[str, int]
"""(IP address, UDP port)"""
_Slot = tuple[Address, int, int]
"""(source, code, identifier): what a NAS may use for one request at a time."""


@dataclass(frozen=True, slots=True)
class Client:
    """A NAS as the protocol sees it.

    Attributes:
        id: the NAS's identifier in the database; a metric label.
        secrets: shared secrets, the current one first; a second one is a rotation window.
        require_message_authenticator: drop Access-Requests without Message-Authenticator.
        limit_proxy_state: the NAS is no proxy, so Proxy-State needs a Message-Authenticator.
        vendor: whose attributes it understands, one of `radius.vendors.VENDORS`.
        cui: when it gets a Chargeable-User-Identity, one of `radius.cui.MODES`.
    """

    id: str
    secrets: tuple[bytes, ...]
    require_message_authenticator: bool = True
    limit_proxy_state: bool = True
    vendor: str = "generic"
    cui: str = "asked"


class RequestReceived:
    """A genuine new request: answer it with `Connection.reply`, or `forget` it. Not to be changed.

    Attributes:
        packet: the request.
        client: the NAS.
        source: where the reply goes.
        secret: which of the NAS's secrets it was signed with; hidden values use it.
        received_at: seconds, of the caller's monotonic clock.
        data: its octets, without what UDP may have carried behind them.
    """

    __slots__ = ("client", "data", "packet", "received_at", "secret", "source")

    def __init__(  # noqa: PLR0917 - by position, because that is twice as quick
        self,
        packet: Packet,
        client: Client,
        source: Address,
        secret: bytes,
        received_at: float,
        data: bytes = b"",
    ) -> None:
        self.packet: Final = packet
        self.client: Final = client
        self.source: Final = source
        self.secret: Final = secret
        self.received_at: Final = received_at
        self.data: Final = data


@dataclass(frozen=True, slots=True)
class DuplicateReceived:
    """A retransmission of a request that was answered: send the same octets again."""

    client: Client
    data: bytes


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing is to be done but to count it. `client` is None if the source is unknown."""

    client: Client | None
    reason: DropReason


FindClient = Callable[[str], Client | None]
"""Gives the NAS of an IP address, or None."""
Event = RequestReceived | DuplicateReceived | Dropped


class Connection:
    """See the module.

    Args:
        find_client: gives the NAS of an IP address, or None; must be fast and must not wait.
        codes: the packet codes this port serves.
        remember_s: how long an answer is kept for retransmissions at least; it is not kept twice as long.
        max_remembered: how many are kept at most; the older go first.
        admit: told the NAS and the time; False drops what it sent before any work. None admits all.

    Attributes:
        find_client: as given.
    """

    def __init__(
        self,
        find_client: FindClient,
        codes: frozenset[Code],
        *,
        remember_s: float = 30.0,
        max_remembered: int = 200_000,
        admit: Callable[[str, float], bool] | None = None,
    ) -> None:
        self.find_client = find_client
        self._admit = admit
        self._codes = codes
        self._remember_s = remember_s
        self._half_of_them = max(1, max_remembered // 2)
        # The Request Authenticator, then the reply if there is one: octets in one piece, because
        # objects by the hundred thousand would be walked by each collection of garbage. For the same
        # reason nothing says of each when it came: the older half is forgotten as a whole.
        self._young: dict[_Slot, bytes] = {}
        self._old: dict[_Slot, bytes] = {}
        self._age_at = 0.0

    @property
    def remembered(self) -> int:
        """The number of requests in the duplicate cache."""
        return len(self._young.keys() | self._old.keys())

    def receive(self, data: bytes, source: Address, now: float) -> Event:
        """Take one datagram, at `now` seconds of a monotonic clock; never raises for its content."""
        client = self.find_client(source[0])
        if client is None:
            return Dropped(None, DropReason.UNKNOWN_NAS)
        if self._admit is not None and not self._admit(client.id, now):
            return Dropped(client, DropReason.NAS_RATE)
        try:
            return self._receive(data, source, client, now)
        except PeerError as error:
            return Dropped(client, error.reason)

    def reply(self, request: RequestReceived, code: int, attributes: Iterable[Attribute]) -> bytes | None:
        """Return the signed reply, kept for retransmissions; Proxy-State is copied (RFC 2865 §5.33).

        None if the NAS has meanwhile used the identifier for another request: nobody waits for
        this answer.

        Raises:
            EncodeError: it does not fit.
        """
        packet = request.packet
        slot = (request.source, packet.code, packet.identifier)
        entry = self._find(slot)
        if entry is None or not entry.startswith(packet.authenticator):
            return None
        if PROXY_STATE in packet:
            states = [attribute for attribute in packet.attributes if attribute[0] == PROXY_STATE]
            attributes = (*attributes, *states)
        data = sign_reply(code, packet, attributes, request.secret)
        self._young[slot] = packet.authenticator + data
        return data

    def forget(self, request: RequestReceived) -> None:
        """Give up a request without an answer, so that its retransmission is worked on anew."""
        packet = request.packet
        slot = (request.source, packet.code, packet.identifier)
        for entries in (self._young, self._old):
            if entries.get(slot, b"").startswith(packet.authenticator):
                del entries[slot]

    def _receive(self, data: bytes, source: Address, client: Client, now: float) -> Event:
        if len(data) < HEADER_LENGTH:
            raise MalformedError(DropReason.SHORT)
        if now >= self._age_at or len(self._young) >= self._half_of_them:
            self._age(now)
        slot = (source, data[0], data[1])
        known = self._find(slot)
        if known is not None and known.startswith(data[4:HEADER_LENGTH]):
            if len(known) == AUTHENTICATOR_LENGTH:
                return Dropped(client, DropReason.DUPLICATE_IN_PROGRESS)
            return DuplicateReceived(client, known[AUTHENTICATOR_LENGTH:])
        packet = parse_packet(data)
        if packet.code not in self._codes:
            raise MalformedError(DropReason.WRONG_CODE)
        data = trim(data)
        secret = _find_secret(packet, data, client)
        self._young[slot] = packet.authenticator
        return RequestReceived(packet, client, source, secret, now, data)

    def _find(self, slot: _Slot) -> bytes | None:
        entry = self._young.get(slot)
        return self._old.get(slot) if entry is None else entry

    def _age(self, now: float) -> None:
        """Forget the old, and have the young be the old; or forget all if they are as old themselves."""
        late_s = max(0.0, now - self._age_at)
        if late_s < self._remember_s:
            self._old, self._age_at = self._young, now - late_s + self._remember_s
        else:
            self._old, self._age_at = {}, now + self._remember_s
        self._young = {}


def _find_secret(packet: Packet, data: bytes, client: Client) -> bytes:
    """Return the secret the request was signed with.

    Raises:
        UntrustedError: with none of them, or it is not signed and should be.
    """
    if not packet.message_authenticator_at:
        _check_unsigned(packet, client)
    reason = DropReason.BAD_AUTHENTICATOR
    for secret in client.secrets:
        if not is_request_authentic(packet, data, secret):
            continue
        if not packet.message_authenticator_at or is_message_authentic(packet, data, secret):
            return secret
        reason = DropReason.BAD_MESSAGE_AUTHENTICATOR
    raise UntrustedError(reason)


def _check_unsigned(packet: Packet, client: Client) -> None:
    if packet.code == Code.STATUS_SERVER or EAP_MESSAGE in packet:
        raise UntrustedError(DropReason.NO_MESSAGE_AUTHENTICATOR)
    if packet.code != Code.ACCESS_REQUEST:
        return
    if client.require_message_authenticator:
        raise UntrustedError(DropReason.NO_MESSAGE_AUTHENTICATOR)
    if client.limit_proxy_state and PROXY_STATE in packet:
        raise UntrustedError(DropReason.PROXY_STATE)
