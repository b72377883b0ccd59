"""A decision as attributes on the wire. Message-Authenticator and Proxy-State come later.

Nothing a user sent is echoed, and there is no Reply-Message: many supplicants never show it, and what
a reply holds in clear helps a forger (CVE-2024-3596).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from radius.authorize import Accepted, Decision
from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.packet import Attribute, encode_integer, encode_vendor_integer
from radius.session_class import ClassCodec, SessionClass

_BITS_PER_KILOBIT: Final = 1_000
_SHORTEST_INTERIM_S: Final = 60
"""RFC 2869 §5.16: the value MUST NOT be smaller than 60."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back.

    Attributes:
        code: packet code of the reply.
        attributes: without Message-Authenticator and Proxy-State.
        outcome: the word it is counted under.
        refusal: reason of an Access-Reject, else empty.
        method: how the device proves itself (`pap`, `eap-ttls`), else empty; a metric label.
    """

    code: Code
    attributes: Sequence[Attribute]
    outcome: str
    refusal: str = ""
    method: str = ""


ACCOUNTED: Final = Answer(Code.ACCOUNTING_RESPONSE, (), "accounted")
ALIVE_ACCESS: Final = Answer(Code.ACCESS_ACCEPT, (), "alive")
ALIVE_ACCOUNTING: Final = Answer(Code.ACCOUNTING_RESPONSE, (), "alive")
"""Answers to Status-Server on the two ports (RFC 5997 §3)."""
HANDED_OVER: Final = Answer(Code.ACCESS_CHALLENGE, (), "handed-over")
"""Nothing is sent: the worker that knows the EAP conversation has the datagram now and answers it."""


def render_decision(decision: Decision, codec: ClassCodec) -> Answer:
    """Return the Access-Accept or Access-Reject of a decision."""
    if isinstance(decision, Accepted):
        return Answer(Code.ACCESS_ACCEPT, _accept_attributes(decision, codec), "accept")
    return Answer(Code.ACCESS_REJECT, (), "reject", decision.reason.value)


def _accept_attributes(accepted: Accepted, codec: ClassCodec) -> list[Attribute]:
    plan = accepted.known.plan
    session = SessionClass(accepted.session_id, accepted.known.device_id, accepted.method.value)
    attributes = [
        encode_integer(a.SESSION_TIMEOUT, accepted.seconds_left),
        encode_integer(a.IDLE_TIMEOUT, plan.idle_timeout_s),
        encode_integer(a.ACCT_INTERIM_INTERVAL, max(_SHORTEST_INTERIM_S, plan.interim_s)),
        (a.CLASS, codec.encode(session)),
    ]
    for kind, rate in (
        (a.WISPR_BANDWIDTH_MAX_UP, plan.rate_up_kbps),
        (a.WISPR_BANDWIDTH_MAX_DOWN, plan.rate_down_kbps),
    ):
        if rate is not None:
            attributes.append(encode_vendor_integer(a.VENDOR_WISPR, kind, rate * _BITS_PER_KILOBIT))
    return attributes
