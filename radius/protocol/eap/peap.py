"""The inside of PEAPv0 (draft-kamath-pppext-peapv0): EAP without its header, then a protected result.

Cryptobinding is not asked for: a device that insists on it is refused by its own choice.
"""

from struct import Struct
from typing import Final

from radius.protocol.eap.inner import Ask, InnerEap, InnerEapStep
from radius.protocol.eap.packet import EapCode, EapPacket, EapType, encode_eap, parse_eap
from radius.protocol.eap.steps import Agreed, InnerStep, Prove, ResumedProof, Send, Verdict
from radius.protocol.errors import DropReason, MalformedError

_TLV = Struct("!HHH")
_RESULT: Final = 0x8003
"""The Result TLV, mandatory."""
_TYPE_MASK: Final = 0x3FFF
_RESULT_LENGTH: Final = 2
_SUCCESS: Final = 1
_FAILURE: Final = 2
_TLV_HEADER: Final = 4


class PeapInside:
    """See the module; the server speaks first.

    Args:
        challenge: 16 random octets, for MSCHAPv2.
    """

    def __init__(self, challenge: bytes) -> None:
        self._eap = InnerEap(challenge)
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
        return Agreed(self._result and _find_result(packet.data) == _SUCCESS)

    def resolve(self, verdict: Verdict) -> InnerStep:
        """Take the verdict on a proof."""
        if self._resumed:  # there is no inner method: the result comes at once
            return self._wrap(Agreed(verdict.accepted))
        return self._wrap(self._eap.resolve(verdict))

    def _wrap(self, step: InnerEapStep) -> InnerStep:
        if isinstance(step, Ask):
            return Send(bytes((step.kind,)) + step.data)
        if isinstance(step, Agreed):
            self._result = step.accepted
            tlv = _TLV.pack(_RESULT, _RESULT_LENGTH, _SUCCESS if step.accepted else _FAILURE)
            # Alone of all inner packets this one keeps its header.
            return Send(encode_eap(EapCode.REQUEST, self._identifier, EapType.TLV, tlv))
        return step


def _unwrap(plain: bytes) -> EapPacket:
    """Read a response with or without its header; some devices always keep it."""
    if not plain:
        raise MalformedError(DropReason.EAP_MALFORMED)
    headed = plain[0] == EapCode.RESPONSE and int.from_bytes(plain[2:4], "big") == len(plain)
    if headed:
        return parse_eap(plain)
    return EapPacket(EapCode.RESPONSE, 0, plain[0], plain[1:])


def _find_result(data: bytes) -> int | None:
    """Return the status in the Result TLV, or None."""
    at = 0
    while len(data) - at >= _TLV_HEADER:
        kind, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        value = data[at + _TLV_HEADER : at + _TLV_HEADER + length]
        if kind & _TYPE_MASK == _RESULT & _TYPE_MASK and len(value) == _RESULT_LENGTH:
            return int.from_bytes(value, "big")
        at += _TLV_HEADER + length
    return None
