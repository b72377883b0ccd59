"""The inside of PEAPv0 (draft-kamath-pppext-peapv0): EAP without its header, then a protected result.

The result goes with a crypto-binding. A device may leave it unanswered; one that answers wrongly is refused.
"""

from struct import Struct
from typing import Final

from radius.protocol.eap.binding import (
    NONCE_LENGTH,
    REQUEST,
    RESPONSE,
    TUNNEL_KEY_LENGTH,
    Binding,
    bind,
    bind_resumed,
)
from radius.protocol.eap.binding import TLV as BINDING
from radius.protocol.eap.inner import Ask, InnerEap, InnerEapStep
from radius.protocol.eap.keys import derive_msk
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapCode, EapPacket, EapType, encode_eap, parse_eap
from radius.protocol.eap.steps import Agreed, InnerStep, Prove, ResumedProof, Send, Verdict
from radius.protocol.eap.tls import TlsEngine
from radius.protocol.errors import DropReason, MalformedError

_TLV = Struct("!HHH")
RESULT: Final = 3
"""Type of the Result TLV."""
RANDOM_LENGTH: Final = CHALLENGE_LENGTH + NONCE_LENGTH
_MANDATORY: Final = 0x8000
_TYPE_MASK: Final = 0x3FFF
_RESULT_LENGTH: Final = 2
_SUCCESS: Final = 1
_FAILURE: Final = 2
_TLV_HEADER: Final = 4


class PeapInside:
    """See the module; the server speaks first.

    Args:
        engine: the tunnel.
        random_octets: 48 random octets: the challenge of MSCHAPv2, the nonce of the crypto-binding.
    """

    def __init__(self, engine: TlsEngine, random_octets: bytes) -> None:
        self._engine = engine
        self._nonce = random_octets[CHALLENGE_LENGTH:]
        self._eap = InnerEap(random_octets[:CHALLENGE_LENGTH])
        self._binding: Binding | None = None
        self._keys = b""
        self._identifier = 0
        self._result: bool | None = None
        self._resumed = False

    @property
    def name(self) -> str:
        """The method, with what is inside as soon as it is known."""
        method = "resumed" if self._resumed else self._eap.method
        return f"peap-{method}" if method else "peap"

    def begin(self, resumed: str | None) -> InnerStep | None:
        """Ask for the identity, unless the session says it."""
        if resumed is not None:
            self._resumed = True
            return Prove(ResumedProof(resumed))
        return Send(bytes((EapType.IDENTITY,)))

    def receive(self, plain: bytes) -> InnerStep:
        """Take a response.

        Raises:
            MalformedError: it cannot be read, or is none to what was asked.
        """
        packet = _unwrap(plain)
        if self._result is None:
            return self._wrap(self._eap.receive(packet))
        if packet.kind != EapType.TLV:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        tlvs = read_tlvs(packet.data)
        if not self._result or tlvs.get(RESULT) != encode_result(True):
            return Agreed(False)
        binding, answer = self._binding, tlvs.get(BINDING)
        if binding is None or answer is None:
            return Agreed(True)
        return Agreed(True, binding.msk) if binding.is_right(answer, RESPONSE) else Agreed(False)

    def resolve(self, verdict: Verdict) -> InnerStep:
        """Take the verdict on a proof."""
        self._keys = verdict.keys
        if self._resumed:  # there is no inner method: the result comes at once
            return self._wrap(Agreed(verdict.accepted))
        return self._wrap(self._eap.resolve(verdict))

    def _wrap(self, step: InnerEapStep) -> InnerStep:
        if isinstance(step, Ask):
            return Send(bytes((step.kind,)) + step.data)
        if isinstance(step, Agreed):
            self._result = step.accepted
            tlvs = encode_result(step.accepted)
            if step.accepted:
                tunnel_key = tunnel_key_of(self._engine)
                self._binding = bind_resumed(tunnel_key) if self._resumed else bind(tunnel_key, self._keys)
                tlvs += self._binding.encode(REQUEST, self._nonce)
            # Alone of all inner packets this one keeps its header.
            return Send(encode_eap(EapCode.REQUEST, self._identifier, EapType.TLV, tlvs))
        return step


def tunnel_key_of(engine: TlsEngine) -> bytes:
    """Return the octets of the tunnel's keys that a crypto-binding is made of."""
    return derive_msk(EapType.PEAP, engine.export, tls13=engine.is_tls13)[:TUNNEL_KEY_LENGTH]


def encode_result(accepted: bool) -> bytes:
    """Return the Result TLV."""
    return _TLV.pack(_MANDATORY | RESULT, _RESULT_LENGTH, _SUCCESS if accepted else _FAILURE)


def _unwrap(plain: bytes) -> EapPacket:
    """Read a response with or without its header; some devices always keep it."""
    if not plain:
        raise MalformedError(DropReason.EAP_MALFORMED)
    headed = plain[0] == EapCode.RESPONSE and int.from_bytes(plain[2:4], "big") == len(plain)
    if headed:
        return parse_eap(plain)
    return EapPacket(EapCode.RESPONSE, 0, plain[0], plain[1:])


def read_tlvs(data: bytes) -> dict[int, bytes]:
    """Return the TLVs by type, headers included; a Result always as mandatory. A remainder is left out."""
    tlvs = {}
    at = 0
    while len(data) - at >= _TLV_HEADER:
        kind, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + _TLV_HEADER + length
        tlv = data[at:end]
        kind &= _TYPE_MASK
        tlvs[kind] = (_MANDATORY | kind).to_bytes(2, "big") + tlv[2:] if kind == RESULT else tlv
        at = end
    return tlvs
