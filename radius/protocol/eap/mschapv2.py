"""MSCHAPv2's arithmetic (RFC 2759 §8). MD4, SHA-1 and DES are what it is made of; the tunnel protects it.

Only random device credentials are ever used with it, so that breaking a response is of no use.
"""

import hmac
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


def nt_hash(password: str) -> bytes:
    """Return the NT hash of a password (NtPasswordHash, §8.3)."""
    return md4(password.encode("utf-16-le"))


def respond(username: str, server_challenge: bytes, peer_challenge: bytes, password: str) -> MsChapV2Proof:
    """Return the proof a device makes of its password (GenerateNTResponse, §8.1)."""
    challenge = _challenge_hash(username, server_challenge, peer_challenge)
    key = nt_hash(password).ljust(3 * _KEY_LENGTH, b"\0")
    response = b"".join(_des(key[at : at + _KEY_LENGTH], challenge) for at in range(0, len(key), _KEY_LENGTH))
    return MsChapV2Proof(username, server_challenge, peer_challenge, response)


def is_mschapv2_right(proof: MsChapV2Proof, password: str) -> bool:
    """Tell whether a proof was made from this password."""
    expected = respond(proof.username, proof.server_challenge, proof.peer_challenge, password)
    return hmac.compare_digest(expected.response, proof.response)


def attest(proof: MsChapV2Proof, password: str) -> str:
    """Return `S=…`: we know the password too (GenerateAuthenticatorResponse, §8.7)."""
    hashed_twice = md4(nt_hash(password))
    digest = _sha1(hashed_twice + proof.response + _MAGIC_1)
    challenge = _challenge_hash(proof.username, proof.server_challenge, proof.peer_challenge)
    return "S=" + _sha1(digest + challenge + _MAGIC_2).hex().upper()


def without_domain(name: str) -> str:
    """Return a user name without the Windows domain before it, which is not hashed (§8.2)."""
    return name.rpartition("\\")[2]


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
