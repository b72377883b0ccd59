"""MSCHAPv2 in RADIUS itself (RFC 2548 §2.3): its attributes read and made, on both sides.

The response is over the air or a wire in the open, as CHAP's is: only a random device credential bears it.
"""

from dataclasses import dataclass
from typing import Final

from radius.protocol import attributes as a
from radius.protocol.eap.inner import encode_response, read_response
from radius.protocol.eap.keys import encode_mppe_keys
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH, MsChapV2Result
from radius.protocol.eap.steps import MsChapV2Proof
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import Attribute, Packet, encode_vendor

MICROSOFT: Final = 311
_ERROR: Final = 2
_CHALLENGE: Final = 11
_RESPONSE: Final = 25
_SUCCESS: Final = 26
_RESPONSE_LENGTH: Final = 50
"""Identifier, flags, peer's challenge, 8 reserved octets, NT response."""


@dataclass(frozen=True, slots=True)
class MsChapAsked:
    """What a request offers: a proof, and the identifier its answer must have."""

    identifier: int
    proof: MsChapV2Proof


def find_mschapv2(packet: Packet) -> MsChapAsked | None:
    """Return the MSCHAPv2 proof of an Access-Request; None if it has none.

    Raises:
        MalformedError: a response of an impossible length, or without a challenge.
    """
    response = packet.find_vendor(MICROSOFT, _RESPONSE)
    if response is None:
        return None
    challenge = packet.find_vendor(MICROSOFT, _CHALLENGE)
    if len(response) != _RESPONSE_LENGTH or challenge is None or len(challenge) != CHALLENGE_LENGTH:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    name = packet.find_text(a.USER_NAME) or ""
    return MsChapAsked(response[0], read_response(name, challenge, response[2:]))


def encode_proof(identifier: int, proof: MsChapV2Proof) -> list[Attribute]:
    """Return what an Access-Request says for a proof."""
    return [
        encode_vendor(MICROSOFT, _CHALLENGE, proof.server_challenge),
        encode_vendor(MICROSOFT, _RESPONSE, bytes((identifier, 0)) + encode_response(proof)),
    ]


def encode_success(
    asked: MsChapAsked, result: MsChapV2Result, secret: bytes, authenticator: bytes, random_salts: bytes
) -> list[Attribute]:
    """Return what an Access-Accept says: that we know the password too, and the keys."""
    told = bytes((asked.identifier,)) + result.attestation.encode()
    keys = encode_mppe_keys(result.keys, secret, authenticator, random_salts)
    return [encode_vendor(MICROSOFT, _SUCCESS, told), *keys]


def encode_error(asked: MsChapAsked) -> Attribute:
    """Return what an Access-Reject says: ERROR_AUTHENTICATION_FAILURE, no retry (RFC 2759 §6)."""
    text = f"E=691 R=0 C={asked.proof.server_challenge.hex().upper()} V=3 M=refused"
    return encode_vendor(MICROSOFT, _ERROR, bytes((asked.identifier,)) + text.encode())


def find_attestation(packet: Packet) -> tuple[int, str]:
    """Return identifier and attestation of an Access-Accept; empty if it has none."""
    told = packet.find_vendor(MICROSOFT, _SUCCESS)
    return (told[0], told[1:].decode("ascii", "replace")) if told else (0, "")
