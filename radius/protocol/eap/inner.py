"""The EAP conversation inside a tunnel: identity, then GTC or MSCHAPv2, which the device may choose.

How its packets are wrapped is the tunnel's matter: `ttls` and `peap`.

EAP-GTC is RFC 3748 §5.6, EAP-MSCHAPv2 draft-kamath-pppext-eap-mschapv2.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH, RESPONSE_LENGTH, without_domain
from radius.protocol.eap.packet import EapPacket, EapType
from radius.protocol.eap.steps import Agreed, MsChapV2Proof, PasswordProof, Prove, Verdict
from radius.protocol.errors import DropReason, MalformedError

METHODS: Final = (EapType.MSCHAPV2, EapType.GTC)
"""What is offered, the best known first."""

_PROMPT: Final = b"Password"
_SERVER_NAME: Final = b"kolco"
_MS_HEADER = Struct("!BBH")
MS_CHALLENGE: Final = 1
MS_RESPONSE: Final = 2
MS_SUCCESS: Final = 3
MS_FAILURE: Final = 4
"""Operations of EAP-MSCHAPv2."""
MS_VALUE_AT: Final = _MS_HEADER.size + 1
_MS_VALUE_LENGTH: Final = 49
_MS_RESERVED: Final = 8
_MS_IDENTIFIER: Final = 1
_NO_DOMAIN_SID: Final = "E=691 R=0 C={challenge} V=3 M=refused"
"""ERROR_AUTHENTICATION_FAILURE, no retry (RFC 2759 §6)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to wrap and send: its type and data."""

    kind: EapType
    data: bytes = b""


InnerEapStep = Ask | Prove | Agreed


class InnerEap:
    """See the module.

    Args:
        challenge: 16 random octets, for MSCHAPv2.
    """

    def __init__(self, challenge: bytes) -> None:
        self._challenge = challenge
        self._username = ""
        self._asked: EapType = EapType.IDENTITY
        self._refused: set[EapType] = set()
        self._verdict: Verdict | None = None
        self.method = ""
        """The method agreed on: gtc or mschapv2; empty as long as there is none."""

    def receive(self, packet: EapPacket) -> InnerEapStep:
        """Take a response.

        Raises:
            MalformedError: it cannot be read, or is none to what was asked.
        """
        if packet.kind == EapType.NAK and self._asked in METHODS and self._verdict is None:
            return self._choose(packet.data)
        if packet.kind != self._asked:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        if packet.kind == EapType.IDENTITY:
            self._username = packet.data.decode("utf-8", "replace")
            return self._propose(METHODS[0])
        self.method = self._asked.name.lower()
        if self._asked is EapType.GTC:
            return Prove(PasswordProof(self._username, packet.data.decode("utf-8", "replace")))
        return self._receive_mschapv2(packet.data)

    def resolve(self, verdict: Verdict) -> InnerEapStep:
        """Take the verdict on a proof."""
        self._verdict = verdict
        if self._asked is not EapType.MSCHAPV2:
            return Agreed(verdict.accepted)
        if verdict.accepted:
            return encode_mschapv2(MS_SUCCESS, f"{verdict.attestation} M=OK".encode())
        text = _NO_DOMAIN_SID.format(challenge=self._challenge.hex().upper())
        return encode_mschapv2(MS_FAILURE, text.encode())

    def _choose(self, wanted: bytes) -> InnerEapStep:
        self._refused.add(self._asked)
        for kind in METHODS:
            if kind in wanted and kind not in self._refused:
                return self._propose(kind)
        raise MalformedError(DropReason.EAP_UNEXPECTED)

    def _propose(self, kind: EapType) -> Ask:
        self._asked = kind
        if kind is EapType.GTC:
            return Ask(kind, _PROMPT)
        value = bytes((CHALLENGE_LENGTH,)) + self._challenge + _SERVER_NAME
        return encode_mschapv2(MS_CHALLENGE, value)

    def _receive_mschapv2(self, data: bytes) -> InnerEapStep:
        if self._verdict is not None:  # a success or failure was told; any answer of that kind will do
            expected = MS_SUCCESS if self._verdict.accepted else MS_FAILURE
            return Agreed(self._verdict.accepted and data[:1] == bytes((expected,)))
        value = data[MS_VALUE_AT:][:_MS_VALUE_LENGTH]
        if (
            data[:1] != bytes((MS_RESPONSE,))
            or data[_MS_HEADER.size : MS_VALUE_AT] != bytes((_MS_VALUE_LENGTH,))
            or len(value) != _MS_VALUE_LENGTH
        ):
            raise MalformedError(DropReason.EAP_MALFORMED)
        name = data[MS_VALUE_AT + _MS_VALUE_LENGTH :].decode("utf-8", "replace")
        return Prove(read_response(name or self._username, self._challenge, value))


def read_response(name: str, server_challenge: bytes, value: bytes) -> MsChapV2Proof:
    """Return the proof in a response: peer's challenge, 8 reserved octets, NT response (and flags)."""
    start = CHALLENGE_LENGTH + _MS_RESERVED
    return MsChapV2Proof(
        without_domain(name),
        server_challenge,
        value[:CHALLENGE_LENGTH],
        value[start : start + RESPONSE_LENGTH],
    )


def encode_mschapv2(operation: int, value: bytes) -> Ask:
    """Return a packet of EAP-MSCHAPv2: operation, identifier, length, value."""
    header = _MS_HEADER.pack(operation, _MS_IDENTIFIER, _MS_HEADER.size + len(value))
    return Ask(EapType.MSCHAPV2, header + value)


def encode_response(proof: MsChapV2Proof) -> bytes:
    """Return the value of a response, as `read_response` reads it, without flags."""
    return proof.peer_challenge + bytes(_MS_RESERVED) + proof.response
