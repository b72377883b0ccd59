"""What is answered here and what is handed on: stands before the local answers of both kinds.

Access-Requests of other realms wait for their home server; if none answers in time the device is
refused, because a NAS that hears nothing takes us for dead and with us all citizens' logins. Accounting
of other realms is accepted here first and then delivered (`forwarder`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.connection import RequestReceived
from radius.protocol.eap.packet import EapCode, encode_outcome, join_message, parse_eap, split_message
from radius.protocol.errors import DropReason, PeerError, UntrustedError
from radius.protocol.packet import HEADER_LENGTH, MAX_LENGTH, MAX_VALUE_LENGTH, Attribute, Packet
from radius.proxy.choice import Link, StateHolders, device_key, order
from radius.proxy.forwarder import Forwarder
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.realms import Route
from radius.proxy.rewrite import (
    MARK_LENGTH,
    forward_access,
    forward_accounting,
    is_loop,
    read_reply,
)
from radius.proxy.roaming import Operator, kept_for_accounting
from radius.proxy.route_class import RouteClassCodec, Routed
from radius.proxy.routing import ACCESS, Routing
from radius.proxy.types import NoAnswerError, Reply
from radius.reply import Answer

UNREACHABLE: Final = "home-unreachable"
REFUSED: Final = "home-refused"
LOOP: Final = "proxy-loop"
OVERLOAD: Final = "proxy-overload"
"""Too many wait for home servers: citizens' logins must find room beside them."""
METHOD: Final = "proxied"

_HOPEFUL_MAX: Final = 64
"""Requests that wait though no home server of their realm is up: one of them may be the first it answers."""
_ROOM: Final = MAX_LENGTH - HEADER_LENGTH - 2 * (MAX_VALUE_LENGTH + 2)
"""What a home server's attributes may take if our Class and a Message-Authenticator are to fit beside."""
_STATES_MAX: Final = 20_000
_STATE_OCTETS: Final = 4
_OUTCOMES: Final = {
    Code.ACCESS_ACCEPT: "accept",
    Code.ACCESS_REJECT: "reject",
    Code.ACCESS_CHALLENGE: "challenge",
}

AnswerRequest = Callable[[RequestReceived], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class ProxyParts:
    """What the proxy is put together from.

    Attributes:
        access: answers Access-Requests here.
        accounting: answers Accounting-Requests here.
        routing: realms and home servers.
        forwarder: delivers accounting.
        codec: writes and reads our Class of visitors.
        operator: what we say of ourselves.
        metrics: counts.
        mark: 8 octets that our Proxy-State begins with, the same in every process of the city.
        random_octets: gives as many random octets as asked for.
        monotonic: gives seconds of a clock that never goes back.
        response_s: what a home server has for an answer before the next one is asked.
        deadline_s: what all of them have together.
        most: Access-Requests that wait for home servers at a time.
    """

    access: AnswerRequest
    accounting: AnswerRequest
    routing: Routing
    forwarder: Forwarder
    codec: RouteClassCodec
    operator: Operator
    metrics: ProxyMetrics
    mark: bytes
    random_octets: Callable[[int], bytes]
    monotonic: Callable[[], float]
    response_s: float
    deadline_s: float
    most: int


class Proxy:
    """See the module."""

    def __init__(self, parts: ProxyParts) -> None:
        self._parts = parts
        self._states = StateHolders(_STATES_MAX)
        self._waiting = 0
        self._hopeful = 0

    def __len__(self) -> int:
        """Return the number of Access-Requests that wait for home servers."""
        return self._waiting

    def answer_access(self, request: RequestReceived) -> Answer | Awaitable[Answer]:
        """Answer an Access-Request, here or by a home server."""
        parts = self._parts
        realms = parts.routing.realms
        route = None if realms.empty else realms.find(request.packet.find(a.USER_NAME) or b"")
        if route is None:
            return parts.access(request)
        if is_loop(request.packet, parts.mark):
            return _refuse(request, LOOP)
        if self._waiting >= parts.most:
            return _refuse(request, OVERLOAD)
        return self._ask_homes(request, route)

    def answer_accounting(self, request: RequestReceived) -> Answer | Awaitable[Answer]:
        """Answer an Accounting-Request here, and have it delivered to its home server."""
        parts = self._parts
        answer = parts.accounting(request)
        realms = parts.routing.realms
        if realms.empty:
            return answer
        routed, classes = parts.codec.split(request.packet.find_all(a.CLASS))
        route = realms.get(routed.pattern) if routed is not None else None
        route = route or realms.find(request.packet.find(a.USER_NAME) or b"")
        if route is None or request.packet.code != Code.ACCOUNTING_REQUEST:
            return answer
        if isinstance(answer, Answer):
            self._deliver(request, route, routed, classes)
            return answer
        return self._deliver_after(answer, request, route, routed, classes)

    async def _deliver_after(
        self,
        answer: Awaitable[Answer],
        request: RequestReceived,
        route: Route,
        routed: Routed | None,
        classes: list[bytes],
    ) -> Answer:
        accepted = await asyncio.shield(answer)  # others may wait for the same future
        self._deliver(request, route, routed, classes)
        return accepted

    def _deliver(
        self, request: RequestReceived, route: Route, routed: Routed | None, classes: list[bytes]
    ) -> None:
        parts = self._parts
        if is_loop(request.packet, parts.mark):
            parts.metrics.count_accounting("loop")
            return
        forwarded = forward_accounting(request, parts.operator, self._state(), routed, classes)
        parts.forwarder.submit(forwarded, route.pattern, device_key(request.packet))

    async def _ask_homes(self, request: RequestReceived, route: Route) -> Answer:
        """Return the answer of the first home server that gives one.

        Raises:
            MalformedError: the request, or what the home server hid in its reply, cannot be.
        """
        parts = self._parts
        forwarded = forward_access(request, parts.operator, self._state())
        links, deadline_s, hopeful = self._choose(route, request.packet)
        self._hopeful += hopeful
        self._waiting += 1
        begun = now = parts.monotonic()
        try:
            for number, link in enumerate(links, 1):
                left = begun + deadline_s - now
                if left <= 0:
                    break
                patience = left if number == len(links) else min(left, parts.response_s)
                try:
                    reply = await link.exchange(forwarded, patience)
                except NoAnswerError:
                    parts.metrics.count_request(link.home.id, "timeout")
                    now = parts.monotonic()
                    continue
                return self._render(request, route, link, reply, parts.monotonic() - now)
        finally:
            self._waiting -= 1
            self._hopeful -= hopeful
        return _refuse(request, UNREACHABLE)

    def _choose(self, route: Route, packet: Packet) -> tuple[Sequence[Link], float, int]:
        """Return whom to ask in turn, for how many seconds in all, and 1 if it is only a hope, else 0."""
        parts = self._parts
        holder = self._states.find(route.pattern, packet.find(a.STATE))
        links = order(
            parts.routing.links(route, ACCESS), balance=route.balance, key=device_key(packet), holder=holder
        )
        if links and links[0].up:
            # No other one knows a conversation than its holder.
            return links[:1] if links[0].home.id == holder else links, parts.deadline_s, 0
        if links and self._hopeful < _HOPEFUL_MAX:
            return links[:1], parts.response_s, 1
        return [], 0.0, 0

    def _render(
        self, request: RequestReceived, route: Route, link: Link, reply: Reply, seconds: float
    ) -> Answer:
        parts = self._parts
        packet = reply.packet
        outcome = _OUTCOMES.get(Code(packet.code))
        if outcome is None:
            raise UntrustedError(DropReason.UNEXPECTED_REPLY)
        parts.metrics.count_request(link.home.id, outcome, seconds)
        attributes = read_reply(packet, reply.key, request, trusted=link.home.trusted)
        if packet.code == Code.ACCESS_CHALLENGE:
            self._note_state(route, packet, link)
        elif packet.code == Code.ACCESS_ACCEPT:
            value = parts.codec.encode(Routed(route.pattern, kept_for_accounting(packet.attributes)))
            if value is not None and _size(attributes, request.packet.attributes) < _ROOM:
                attributes.append((a.CLASS, value))
        refusal = REFUSED if packet.code == Code.ACCESS_REJECT else ""
        return Answer(Code(packet.code), attributes, outcome, refusal, METHOD)

    def _note_state(self, route: Route, packet: Packet, link: Link) -> None:
        state = packet.find(a.STATE)
        if state is not None:
            self._states.note(route.pattern, state, link.home.id)

    def _state(self) -> bytes:
        return self._parts.mark[:MARK_LENGTH] + self._parts.random_octets(_STATE_OCTETS)


def _size(attributes: Sequence[Attribute], asked: Sequence[Attribute]) -> int:
    """Return the octets of a reply's attributes with the Proxy-State that is to be copied into it."""
    states = [one for one in asked if one[0] == a.PROXY_STATE]
    return sum(2 + len(value) for _, value in (*attributes, *states))


def _refuse(request: RequestReceived, reason: str) -> Answer:
    """Return an Access-Reject, with an EAP-Failure for who speaks EAP (RFC 3579 §2.6.5)."""
    attributes: list[Attribute] = []
    octets = join_message(request.packet.find_all(a.EAP_MESSAGE))
    if octets:
        try:
            attributes = split_message(encode_outcome(EapCode.FAILURE, parse_eap(octets).identifier))
        except PeerError:
            attributes = []
    return Answer(Code.ACCESS_REJECT, attributes, "reject", reason, METHOD)
