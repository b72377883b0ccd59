"""A decision as attributes on the wire. Message-Authenticator and Proxy-State come later.

What all Accepts of a plan share is encoded once for each maker of NASes; only the time left, the Class
and, where asked for, volume and identity are encoded for each. Nothing a user sent is echoed, and
there is no Reply-Message: many supplicants never show it, and what a reply holds in clear helps a
forger (CVE-2024-3596).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from controller.directory.types import PlanView
from radius.authorize import Accepted, Decision
from radius.cui import CuiIssuer, cui_attribute, is_wanted
from radius.policy.rules import Effect, Verdict
from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.connection import RequestReceived
from radius.protocol.packet import (
    ENCODED,
    Attribute,
    encode_attributes,
    encode_integer,
    encode_packet,
    parse_packet,
)
from radius.question import Method, Refused
from radius.session_class import ClassCodec
from radius.vendors import Terms, quota_attributes, term_attributes

_SHORTEST_INTERIM_S: Final = 60
"""RFC 2869 §5.16: the value MUST NOT be smaller than 60."""
_MAX_REMEMBERED: Final = 4_096
_RADIUS_REQUEST: Final = 1
"""Termination-Action (RFC 2865 §5.29): at the end of its time the device proves itself anew, unheard."""
_ACCESS_ACCEPT: Final = Code.ACCESS_ACCEPT
_EAP: Final = frozenset({Method.EAP_TLS, Method.EAP_TTLS, Method.EAP_PEAP})
_SESSION_TIMEOUT: Final = Struct("!BBI")
_INTEGER_SIZE: Final = 6
_LONGEST: Final = 0xFFFFFFFF


@dataclass(slots=True, init=False)
class Answer:
    """What to send back. Not to be changed; one is made for each login, so it is not frozen.

    Attributes:
        code: packet code of the reply.
        attributes: without Message-Authenticator and Proxy-State; those of type `ENCODED` are several.
        outcome: the word it is counted under.
        refusal: reason of an Access-Reject, else empty.
        method: how the device proves itself (`pap`, `eap-ttls`), else empty; a metric label.
    """

    code: Code
    attributes: Sequence[Attribute]
    outcome: str
    refusal: str
    method: str

    def __init__(
        self,
        code: Code,
        attributes: Sequence[Attribute],
        outcome: str,
        refusal: str = "",
        method: str = "",
    ) -> None:
        self.code = code
        self.attributes = attributes
        self.outcome = outcome
        self.refusal = refusal
        self.method = method


ACCOUNTED: Final = Answer(Code.ACCOUNTING_RESPONSE, (), "accounted")
ALIVE_ACCESS: Final = Answer(Code.ACCESS_ACCEPT, (), "alive")
ALIVE_ACCOUNTING: Final = Answer(Code.ACCOUNTING_RESPONSE, (), "alive")
"""Answers to Status-Server on the two ports (RFC 5997 §3)."""
HANDED_OVER: Final = Answer(Code.ACCESS_CHALLENGE, (), "handed-over")
"""Nothing is sent: the worker that knows the EAP conversation has the datagram now and answers it."""


Note = Callable[[Decision, RequestReceived, Answer], None]


class Replies:
    """Renders decisions.

    Args:
        codec: writes Class.
        cui: gives Chargeable-User-Identities; None: none are sent.
        now: gives the time in Unix seconds.
        note: told each decision, what it answers and the answer; to be kept for explaining it.
    """

    def __init__(
        self,
        codec: ClassCodec,
        cui: CuiIssuer | None = None,
        now: Callable[[], float] = lambda: 0.0,
        *,
        note: Note | None = None,
    ) -> None:
        self._codec = codec
        self._cui = cui
        self._now = now
        self._note = note
        # The plan and the verdict stand in the value too, so their ids in the key stay theirs.
        self._shared: dict[tuple[int, int, str, Method], tuple[bytes, PlanView, Verdict]] = {}
        self._rejects: dict[tuple[str, str], Answer] = {}

    def render(self, decision: Decision, request: RequestReceived, method: str = "") -> Answer:
        """Return the Access-Accept or Access-Reject of a decision for the NAS that asks.

        Args:
            decision: the decision.
            request: what it answers.
            method: how the device proves itself, as `Answer.method`.
        """
        answer = (
            self._reject(decision.reason.value, method)
            if isinstance(decision, Refused)
            else self._accept(decision, request, method)
        )
        if self._note is not None:
            self._note(decision, request, answer)
        return answer

    def _accept(self, decision: Accepted, request: RequestReceived, method: str) -> Answer:
        client = request.client
        known = decision.known
        left = min(decision.seconds_left, _LONGEST)
        shared = self.shared(known.plan, decision.verdict, client.vendor, decision.method)
        octets = shared + _SESSION_TIMEOUT.pack(a.SESSION_TIMEOUT, _INTEGER_SIZE, left)
        attributes: list[Attribute] = [
            (ENCODED, octets),
            (a.CLASS, self._codec.write(decision.session_id, known.device_id, decision.method)),
        ]
        if decision.bytes_left is not None:
            attributes += quota_attributes(client.vendor, decision.bytes_left)
        if self._cui is not None and is_wanted(request.packet, client.cui):
            attributes.append(cui_attribute(self._cui, known.account_id, request.packet, self._now()))
        return Answer(_ACCESS_ACCEPT, attributes, "accept", "", method)

    def shared(self, plan: PlanView, verdict: Verdict, vendor: str, method: Method) -> bytes:
        """Return the attributes, encoded, that all Accepts of these have in common."""
        key = (id(plan), id(verdict), vendor, method)
        found = self._shared.get(key)
        if found is None:
            if len(self._shared) >= _MAX_REMEMBERED:
                self._shared.clear()
            found = self._shared[key] = encode_shared(plan, verdict.effect, vendor, method), plan, verdict
        return found[0]

    def _reject(self, reason: str, method: str) -> Answer:
        answer = self._rejects.get((reason, method))
        if answer is None:
            answer = Answer(Code.ACCESS_REJECT, (), "reject", reason, method)
            self._rejects[reason, method] = answer
        return answer


def encode_shared(plan: PlanView, effect: Effect, vendor: str, method: Method) -> bytes:
    """Return the attributes of a plan, changed by the policy, encoded."""
    attributes = term_attributes(vendor, terms_of(plan, effect))
    if method in _EAP:
        attributes.append(encode_integer(a.TERMINATION_ACTION, _RADIUS_REQUEST))
    return encode_attributes(attributes)


def terms_of(plan: PlanView, effect: Effect) -> Terms:
    """Return what a session gets: the plan's terms, changed by a rule's effect."""
    return Terms(
        idle_s=plan.idle_timeout_s if effect.idle_s is None else effect.idle_s,
        interim_s=max(_SHORTEST_INTERIM_S, plan.interim_s if effect.interim_s is None else effect.interim_s),
        down_kbps=plan.rate_down_kbps if effect.down_kbps is None else effect.down_kbps or None,
        up_kbps=plan.rate_up_kbps if effect.up_kbps is None else effect.up_kbps or None,
        vlan=plan.vlan if effect.vlan is None else effect.vlan,
        filter=plan.filter_id if effect.filter is None else effect.filter,
    )


def expand(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """Return attributes with those that were encoded before taken apart; for people, not for packets."""
    return tuple(parse_packet(encode_packet(0, 0, bytes(16), attributes)).attributes)
