"""What an EAP conversation asks of its caller, and what it gives back. Holds no behaviour.

A conversation never looks anything up: it hands over what the device offers as a proof, and the caller
answers with a verdict. What is made for each packet is a Struct: a frozen dataclass takes ten times as long.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

PROTECTED_SUCCESS: Final = b"\0"
"""What a device must hear through a tunnel of TLS 1.3 that no more is to come (RFC 9190 §2.5, RFC 9427)."""


class EapFailure(StrEnum):
    """Why a conversation failed before anybody could decide; a closed set, because it is a metric label."""

    NO_COMMON_METHOD = "eap-no-common-method"
    """The device wants methods that are not offered."""
    TLS = "eap-tls"
    """TLS failed: no common parameters, the device does not trust our certificate, or damage."""
    NO_CERTIFICATE = "eap-no-certificate"
    CERTIFICATE_EXPIRED = "eap-certificate-expired"
    CERTIFICATE_UNTRUSTED = "eap-certificate-untrusted"
    """Of another authority, or not for clients."""
    INNER = "eap-inner"
    """What came through the tunnel cannot be read, or is no method that is offered."""
    TOO_LONG = "eap-too-long"
    """More rounds or octets than any honest conversation takes."""
    REFUSED = "eap-refused"
    """The verdict was no."""


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """A password in clear, from inside a tunnel (PAP, GTC)."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class MsChapV2Proof:
    """An MSCHAPv2 response (RFC 2759 §4).

    Attributes:
        username: as the device hashed it, without a Windows domain.
        server_challenge: 16 octets.
        peer_challenge: 16 octets.
        response: 24 octets.
    """

    username: str
    server_challenge: bytes
    peer_challenge: bytes
    response: bytes


@dataclass(frozen=True, slots=True)
class CertificateProof:
    """A certificate of our authority whose key the device has.

    Attributes:
        username: its common name.
        expires_at: when it expires; a session that is resumed may have outlived it.
    """

    username: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ResumedProof:
    """A TLS session of an earlier login, in which this name had proved itself and was let in.

    It shows no more than that: whether the credential is still good is for the caller to say.
    """

    username: str


Proof = PasswordProof | MsChapV2Proof | CertificateProof | ResumedProof


class Verdict(Struct, frozen=True):
    """The caller's answer to a proof.

    Attributes:
        accepted: whether the device is let in.
        attestation: for an accepted MSCHAPv2 proof: what shows that we know the password too.
        keys: for an accepted MSCHAPv2 proof, the 32 octets of keys that come of it; else empty.
    """

    accepted: bool
    attestation: str = ""
    keys: bytes = b""


class Prove(Struct, frozen=True):
    """Wanted: a verdict."""

    proof: Proof


class Send(Struct, frozen=True):
    """Send this in a challenge; the conversation goes on. Octets are an EAP packet, or a method's data."""

    octets: bytes


class Finished(Struct, frozen=True):
    """The device was accepted and knows it. `msk` are 64 octets of keys."""

    msk: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The conversation is over."""

    reason: EapFailure


class Agreed(Struct, frozen=True):
    """The inside of a tunnel is done, and both sides know the outcome.

    Attributes:
        accepted: whether the device is let in.
        msk: 64 octets of keys that the inside has agreed on; empty: those of the tunnel.
    """

    accepted: bool
    msk: bytes = b""


Step = Send | Prove | Finished | Failed
"""What a conversation, or its method, wants next."""
InnerStep = Send | Prove | Agreed
"""What the inside of a tunnel wants next; the octets of `Send` are to be encrypted."""
