"""The inside of EAP-TTLSv0 (RFC 5281): AVPs with PAP, MSCHAPv2, or EAP with GTC or MSCHAPv2.

In a session that is resumed there is no inside (§7.3); with TLS 1.3 the device then has to hear through the
tunnel that it is let in (RFC 9427 §5).
"""

from typing import Final

from radius.protocol.attributes import EAP_MESSAGE, USER_NAME, USER_PASSWORD
from radius.protocol.eap.avp import Avp, encode_avp, parse_avps
from radius.protocol.eap.inner import Ask, InnerEap, InnerEapStep, read_response
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, next_identifier, parse_eap
from radius.protocol.eap.steps import (
    PROTECTED_SUCCESS,
    Agreed,
    InnerStep,
    PasswordProof,
    Prove,
    ResumedProof,
    Send,
    Verdict,
)
from radius.protocol.eap.tls import TlsEngine
from radius.protocol.errors import DropReason, MalformedError

_MICROSOFT: Final = 311
_CHAP_CHALLENGE: Final = 11
_CHAP2_RESPONSE: Final = 25
_CHAP2_SUCCESS: Final = 26
_CHALLENGE_LABEL: Final = b"ttls challenge"
_RESUMED: Final = "resumed"
_RESPONSE_VALUE: Final = 50
"""Identifier, flags, peer's challenge, 8 reserved octets, NT response (RFC 2548 §2.3.2)."""


class TtlsInside:
    """See the module; the device speaks first.

    Args:
        engine: the tunnel.
        challenge: 16 random octets, for MSCHAPv2 in EAP.
    """

    def __init__(self, engine: TlsEngine, challenge: bytes) -> None:
        self._engine = engine
        self._eap = InnerEap(challenge)
        self._eap_identifier = 0
        self._identifier = b""
        self._verdict: Verdict | None = None
        self._method = ""

    @property
    def name(self) -> str:
        """The method, with what is inside as soon as it is known."""
        inner = self._method or self._eap.method
        return f"ttls-{inner}" if inner else "ttls"

    def begin(self, resumed: str | None) -> InnerStep | None:
        """Wait for the device, unless its session says who it is."""
        if resumed is None:
            return None
        self._method = _RESUMED
        return Prove(ResumedProof(resumed))

    def receive(self, plain: bytes) -> InnerStep:
        """Take AVPs.

        Raises:
            MalformedError: they cannot be read, or hold no proof.
        """
        if self._verdict is not None:  # the empty answer to MS-CHAP2-Success or the protected success
            return Agreed(self._verdict.accepted)
        values = {(avp.vendor, avp.code): avp.value for avp in parse_avps(plain)}
        message = values.get((0, EAP_MESSAGE))
        if message is not None:
            return self._receive_eap(message)
        username = values.get((0, USER_NAME))
        if username is None:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        return self._receive_legacy(username.decode("utf-8", "replace"), values)

    def resolve(self, verdict: Verdict) -> InnerStep:
        """Take the verdict on a proof."""
        if not self._method:
            return self._wrap(self._eap.resolve(verdict))
        self._verdict = verdict
        if self._method == _RESUMED and verdict.accepted and self._engine.is_tls13:
            return Send(PROTECTED_SUCCESS)
        if self._method != "mschapv2" or not verdict.accepted:
            return Agreed(verdict.accepted)
        value = self._identifier + verdict.attestation.encode()
        return Send(encode_avp(Avp(_CHAP2_SUCCESS, _MICROSOFT, value)))

    def _receive_legacy(self, username: str, values: dict[tuple[int, int], bytes]) -> InnerStep:
        password = values.get((0, USER_PASSWORD))
        if password is not None:
            self._method = "pap"
            return Prove(PasswordProof(username, password.rstrip(b"\0").decode("utf-8", "replace")))
        response = values.get((_MICROSOFT, _CHAP2_RESPONSE), b"")
        # Both sides derive the challenge from the tunnel (RFC 5281 §11.1): none can be replayed.
        derived = self._engine.export(_CHALLENGE_LABEL, CHALLENGE_LENGTH + 1, None)
        challenge, identifier = derived[:CHALLENGE_LENGTH], derived[CHALLENGE_LENGTH:]
        if (
            len(response) != _RESPONSE_VALUE
            or response[:1] != identifier
            or values.get((_MICROSOFT, _CHAP_CHALLENGE)) != challenge
        ):
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        self._method = "mschapv2"
        self._identifier = identifier
        return Prove(read_response(username, challenge, response[2:]))

    def _receive_eap(self, message: bytes) -> InnerStep:
        packet = parse_eap(message)
        if packet.code != EapCode.RESPONSE:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        if packet.kind == EapType.IDENTITY:
            self._eap_identifier = packet.identifier  # nobody asked for it, so any is right
        elif packet.identifier != self._eap_identifier:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        return self._wrap(self._eap.receive(packet))

    def _wrap(self, step: InnerEapStep) -> InnerStep:
        if not isinstance(step, Ask):
            return step
        self._eap_identifier = next_identifier(self._eap_identifier)
        request = encode_eap(EapCode.REQUEST, self._eap_identifier, step.kind, step.data)
        return Send(encode_avp(Avp(EAP_MESSAGE, 0, request)))
