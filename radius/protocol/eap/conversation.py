"""One device's EAP conversation: identity, the choice of a method, and the method until its end.

EAP packets go in, steps come out whose octets are EAP packets. What is looked up, kept or timed is the
caller's matter. Rules (RFC 3748 §4.1, §5.3):

- a response must have the identifier and the type of the request it answers, else it is dropped;
- a Nak is heard only before the method has begun, and each method is proposed once.
"""

from collections.abc import Callable, Mapping
from typing import Final

from radius.protocol.eap.packet import (
    EapCode,
    EapPacket,
    EapType,
    encode_eap,
    encode_outcome,
    next_identifier,
)
from radius.protocol.eap.steps import EapFailure, Failed, Finished, Prove, Send, Step, Verdict
from radius.protocol.eap.tunnel import TlsMethod
from radius.protocol.errors import DropReason, MalformedError

MAX_ROUNDS: Final = 50
"""Access points give up after 40 or 50 (RFC 9191)."""

Offers = Mapping[EapType, Callable[[], TlsMethod]]
"""What is offered, the best first, and what makes it."""


class Conversation:
    """See the module.

    Args:
        offers: the methods; at least one.
        identity: the Identity response that opens it.

    Raises:
        MalformedError: it is no Identity response.
    """

    def __init__(self, offers: Offers, identity: EapPacket) -> None:
        if identity.code != EapCode.RESPONSE or identity.kind != EapType.IDENTITY:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        self._offers = dict(offers)
        self._identifier = identity.identifier
        self._method: TlsMethod | None = None
        self._begun = False
        self._proving = False
        self._rounds = 0

    @property
    def method(self) -> str:
        """The method as far as it is known; `none` before the device has agreed to one."""
        return self._method.name if self._method is not None and self._begun else "none"

    def open(self) -> Step:
        """Return the first request: the best method is proposed."""
        return self._propose(next(iter(self._offers)))

    def receive(self, packet: EapPacket) -> Step:
        """Take a response; a step other than `Send` and `Prove` is the last.

        Raises:
            MalformedError: it does not fit; nothing has changed.
        """
        method = self._method
        if (
            method is None
            or self._proving
            or packet.code != EapCode.RESPONSE
            or packet.identifier != self._identifier
        ):
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        if packet.kind == EapType.NAK and not self._begun:
            return self._choose(packet.data)
        if packet.kind != method.kind:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        step = method.receive(packet.data)
        self._begun = True
        return self._wrap(step)

    def resolve(self, verdict: Verdict) -> Step:
        """Take the verdict that `Prove` asked for."""
        if self._method is None or not self._proving:
            message = "no proof waits for a verdict"
            raise RuntimeError(message)
        self._proving = False
        return self._wrap(self._method.resolve(verdict))

    def encode_end(self, step: Finished | Failed) -> bytes:
        """Return the Success or Failure packet of the last step."""
        code = EapCode.SUCCESS if isinstance(step, Finished) else EapCode.FAILURE
        return encode_outcome(code, self._identifier)

    def _choose(self, wanted: bytes) -> Step:
        if self._method is not None:
            del self._offers[self._method.kind]
        for kind in self._offers:
            if kind in wanted:
                return self._propose(kind)
        return Failed(EapFailure.NO_COMMON_METHOD)

    def _propose(self, kind: EapType) -> Step:
        self._method = self._offers[kind]()
        return self._wrap(Send(self._method.start()))

    def _wrap(self, step: Step) -> Step:
        if isinstance(step, Prove):
            self._proving = True
        if not isinstance(step, Send) or self._method is None:
            return step
        self._rounds += 1
        if self._rounds > MAX_ROUNDS:
            return Failed(EapFailure.TOO_LONG)
        self._identifier = next_identifier(self._identifier)
        return Send(encode_eap(EapCode.REQUEST, self._identifier, self._method.kind, step.octets))
