"""MSCHAPv2's arithmetic (RFC 2759 §8). MD4, SHA-1 and DES are what it is made of; the tunnel protects it.

Only random device credentials are ever used with it, so that breaking a response is of no use.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha1
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from radius.protocol.eap.md4 import md4
from radius.protocol.eap.steps import MsChapV2Proof

CHALLENGE_LENGTH: Final = 16
RESPONSE_LENGTH: Final = 24
_KEY_LENGTH: Final = 7
_MAGIC_1: Final = b"Magic server to client signing constant"
_MAGIC_2: Final = b"Pad to make it do more than one iteration"
_MASTER_MAGIC: Final = b"This is the MPPE Master Key"
_CLIENT_SENDS_MAGIC: Final = (
    b"On the client side, this is the send key; on the server side, it is the receive key."
)
_SERVER_SENDS_MAGIC: Final = (
    b"On the client side, this is the receive key; on the server side, it is the send key."
)
_KEY_PADS: Final = (bytes(40), b"\xf2" * 40)
HALF_KEY_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class MsChapV2Result:
    """What comes of a right response.

    Attributes:
        attestation: `S=…`, shows the device that we know the password too.
        keys: 32 octets: what encrypts towards us, then what encrypts towards the device (RFC 3079 §3).
    """

    attestation: str
    keys: bytes


NOTHING: Final = MsChapV2Result("", b"")
"""What comes of a proof of another kind."""


def nt_hash(password: str) -> bytes:
    """Return the NT hash of a password (NtPasswordHash, §8.3)."""
    return md4(password.encode("utf-16-le"))


def respond(username: str, server_challenge: bytes, peer_challenge: bytes, password: str) -> MsChapV2Proof:
    """Return the proof a device makes of its password (GenerateNTResponse, §8.1)."""
    challenge = _challenge_hash(username, server_challenge, peer_challenge)
    return MsChapV2Proof(username, server_challenge, peer_challenge, _response(nt_hash(password), challenge))


def check_mschapv2(proof: MsChapV2Proof, password: str) -> MsChapV2Result | None:
    """Return what comes of a proof that was made from this password; None if it was not."""
    hashed = nt_hash(password)
    challenge = _challenge_hash(proof.username, proof.server_challenge, proof.peer_challenge)
    if not hmac.compare_digest(_response(hashed, challenge), proof.response):
        return None
    return _result(md4(hashed), proof, challenge)


def attest(proof: MsChapV2Proof, password: str) -> MsChapV2Result:
    """Return what comes of a proof that is known to be right: the device's side of `check_mschapv2`."""
    challenge = _challenge_hash(proof.username, proof.server_challenge, proof.peer_challenge)
    return _result(md4(nt_hash(password)), proof, challenge)


def without_domain(name: str) -> str:
    """Return a user name without the Windows domain before it, which is not hashed (§8.2)."""
    return name.rpartition("\\")[2]


def _response(hashed: bytes, challenge: bytes) -> bytes:
    """Return the NT response (ChallengeResponse, §8.5)."""
    key = hashed.ljust(3 * _KEY_LENGTH, b"\0")
    return b"".join(_des(key[at : at + _KEY_LENGTH], challenge) for at in range(0, len(key), _KEY_LENGTH))


def _result(hashed_twice: bytes, proof: MsChapV2Proof, challenge: bytes) -> MsChapV2Result:
    """Return the attestation (GenerateAuthenticatorResponse, §8.7) and the keys (RFC 3079 §3.4)."""
    digest = _sha1(hashed_twice + proof.response + _MAGIC_1)
    attestation = "S=" + _sha1(digest + challenge + _MAGIC_2).hex().upper()
    master = _sha1(hashed_twice + proof.response + _MASTER_MAGIC)[:HALF_KEY_LENGTH]
    before, after = _KEY_PADS
    keys = b"".join(
        _sha1(master + before + magic + after)[:HALF_KEY_LENGTH]
        for magic in (_CLIENT_SENDS_MAGIC, _SERVER_SENDS_MAGIC)
    )
    return MsChapV2Result(attestation, keys)


def _challenge_hash(username: str, server_challenge: bytes, peer_challenge: bytes) -> bytes:
    return _sha1(peer_challenge + server_challenge + username.encode())[:8]


def _sha1(data: bytes) -> bytes:
    return sha1(data, usedforsecurity=False).digest()


def _des(key: bytes, block: bytes) -> bytes:
    """Encrypt a block with single DES, which is triple DES with one key thrice."""
    bits = int.from_bytes(key, "big")
    spread = bytes((bits >> (49 - 7 * index) & 0x7F) << 1 for index in range(8))  # parity is not looked at
    encryptor = Cipher(TripleDES(spread * 3), modes.ECB()).encryptor()  # noqa: S305 - what RFC 2759 says
    return encryptor.update(block) + encryptor.finalize()
