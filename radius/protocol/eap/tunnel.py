"""A TLS method from its start to the keys: fragments, handshake, and what is said inside the tunnel.

Rules that are not evident:

- With TLS 1.2 our last flight is sent alone, and the inside begins when the device has acknowledged it.
  With TLS 1.3 the device has the last flight of the handshake, so the inside begins at once.
- When TLS fails, the alert is sent first, so that the device learns why; the next response, whatever it
  is, ends the conversation (RFC 5216 §2.1.3).
- Octets that do not fit as fragments are dropped and change nothing. What does not fit inside the tunnel
  comes from the device itself and ends the conversation.
- TLS 1.3's tickets go with whatever else is said through the tunnel; no round is spent on them alone. So a
  device that says its password in the last flight of the handshake (TTLS with PAP) gets none: to resume
  would take it one round more than to log in.
- A session that is resumed but not known here is one like any other: the inside begins from the start.
"""

from typing import Final, Protocol

from radius.protocol.eap.fragments import ACKNOWLEDGEMENT, START, Assembler, Fragmenter, parse_fragment
from radius.protocol.eap.keys import derive_msk
from radius.protocol.eap.packet import EapType
from radius.protocol.eap.resumption import Resumptions
from radius.protocol.eap.steps import (
    Agreed,
    EapFailure,
    Failed,
    Finished,
    InnerStep,
    Prove,
    Send,
    Step,
    Verdict,
)
from radius.protocol.eap.tls import TlsEngine, TlsFailedError
from radius.protocol.errors import DropReason, MalformedError

MAX_TLS_OCTETS: Final = 65_536
"""What a device may send in one conversation."""


class Inside(Protocol):
    """What is said inside a tunnel."""

    @property
    def name(self) -> str:
        """The method, for metrics."""

    def begin(self, resumed: str | None) -> InnerStep | None:
        """Begin, now that there is a tunnel; None: the device speaks first.

        `resumed` is who proved themselves in the session that is resumed, if it is and that is known.
        """

    def receive(self, plain: bytes) -> InnerStep:
        """Take what the device says; empty if it only acknowledges.

        Raises:
            MalformedError: it cannot be read, or does not fit.
        """

    def resolve(self, verdict: Verdict) -> InnerStep:
        """Take the verdict on a proof."""


class TlsMethod:
    """See the module.

    Args:
        kind: TLS, TTLS or PEAP.
        engine: a new one.
        inside: what is said inside the tunnel.
        fragment_max: most TLS octets of one request.
        resumptions: remembers whose session it is; None: the session itself says it, or cannot be resumed.
    """

    def __init__(
        self,
        kind: EapType,
        engine: TlsEngine,
        inside: Inside,
        *,
        fragment_max: int,
        resumptions: Resumptions | None = None,
    ) -> None:
        self.kind = kind
        self._engine = engine
        self._inside = inside
        self._assembler = Assembler()
        self._fragmenter = Fragmenter(fragment_max)
        self._failing: EapFailure | None = None
        self._begun = False
        self._octets = 0
        self._resumptions = resumptions
        self._username = ""

    @property
    def name(self) -> str:
        """The method with what is inside: `ttls-pap`."""
        return self._inside.name

    def start(self) -> bytes:
        """Return the data of the first request."""
        return START

    def receive(self, data: bytes) -> Step:
        """Take the data of a response.

        Raises:
            MalformedError: it does not fit; nothing has changed.
        """
        fragment = parse_fragment(data)
        if self._fragmenter.waiting:
            if fragment.payload:
                raise MalformedError(DropReason.EAP_FRAGMENT)
            return Send(self._fragmenter.next())
        message = self._assembler.add(fragment)
        self._octets += len(fragment.payload)
        if self._octets > MAX_TLS_OCTETS:
            return Failed(EapFailure.TOO_LONG)
        if message is None:
            return Send(ACKNOWLEDGEMENT)
        return self._take(message)

    def resolve(self, verdict: Verdict) -> Step:
        """Take the verdict on a proof."""
        try:
            return self._continue(self._inside.resolve(verdict))
        except TlsFailedError as error:
            return self._fail(error.reason)

    def _take(self, message: bytes) -> Step:
        if self._failing is not None:
            return Failed(self._failing)
        try:
            return self._work(message)
        except TlsFailedError as error:
            return self._fail(error.reason)
        except MalformedError:
            return Failed(EapFailure.INNER)

    def _work(self, message: bytes) -> Step:
        engine = self._engine
        engine.feed(message)
        if not engine.established:
            if not engine.shake_hands():
                output = engine.take_output()
                return self._send(output) if output else Failed(EapFailure.TLS)
            if not engine.is_tls13:
                output = engine.take_output()
                if output:
                    return self._send(output)
        plain = engine.read()
        if not self._begun:
            self._begun = True
            resumed = None if self._resumptions is None else self._resumptions.find(engine.resumed)
            step = self._inside.begin(resumed)
            if step is not None:
                return self._continue(step)
            if not plain:
                return self._send(engine.take_output())
        return self._continue(self._inside.receive(plain))

    def _continue(self, step: InnerStep) -> Step:
        if isinstance(step, Prove):
            self._username = step.proof.username
            return step
        if isinstance(step, Send):
            self._engine.write(step.octets)
            return self._send(self._engine.take_output())
        return self._end(step)

    def _end(self, agreed: Agreed) -> Step:
        engine, resumptions = self._engine, self._resumptions
        if not agreed.accepted:
            if resumptions is not None:
                resumptions.forget(engine.resumed)
            return Failed(EapFailure.REFUSED)
        msk = agreed.msk or derive_msk(self.kind, engine.export, tls13=engine.is_tls13)
        if engine.take_output():  # tickets that were not sent: the device cannot come back with them
            return Finished(msk)
        engine.keep_session()
        if resumptions is not None:
            resumptions.remember(engine.names, self._username)
        return Finished(msk)

    def _fail(self, reason: EapFailure) -> Step:
        alert = self._engine.take_output()
        if not alert:
            return Failed(reason)
        self._failing = reason
        return self._send(alert)

    def _send(self, octets: bytes) -> Send:
        return Send(self._fragmenter.begin(octets))
