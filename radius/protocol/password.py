"""User-Password hiding (RFC 2865 §5.2) and CHAP (RFC 2865 §5.3). Stores and compares nothing else."""

import hmac
from typing import Final

from radius.protocol.digests import md5_digest
from radius.protocol.errors import DropReason, EncodeError, MalformedError

_BLOCK: Final = 16
MAX_HIDDEN_LENGTH: Final = 128
_CHAP_LENGTH: Final = 17


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def hide_password(password: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """Hide a password of at most 128 octets as the value of User-Password.

    Raises:
        EncodeError: it is longer.
    """
    if len(password) > MAX_HIDDEN_LENGTH:
        message = f"the password has {len(password)} octets, at most {MAX_HIDDEN_LENGTH} fit"
        raise EncodeError(message)
    size = max(_BLOCK, -(-len(password) // _BLOCK) * _BLOCK)
    padded = password.ljust(size, b"\0")
    previous = authenticator
    hidden = bytearray()
    for start in range(0, size, _BLOCK):
        previous = _xor(padded[start : start + _BLOCK], md5_digest(secret + previous))
        hidden += previous
    return bytes(hidden)


def unhide_password(value: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """Return the password in a User-Password value; with a wrong secret it is noise.

    Raises:
        MalformedError: not 16, 32, … 128 octets.
    """
    if not value or len(value) > MAX_HIDDEN_LENGTH or len(value) % _BLOCK:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    pad = md5_digest(secret + authenticator)
    for start in range(0, len(value) - _BLOCK, _BLOCK):
        pad += md5_digest(secret + value[start : start + _BLOCK])
    return _xor(value, pad).rstrip(b"\0")


def chap_response(identifier: int, password: bytes, challenge: bytes) -> bytes:
    """Return the value of CHAP-Password: the CHAP identifier, then 16 octets of MD5."""
    ident = bytes((identifier,))
    return ident + md5_digest(ident + password + challenge)


def check_chap(value: bytes) -> None:
    """Check that a CHAP-Password value can be one.

    Raises:
        MalformedError: not 17 octets.
    """
    if len(value) != _CHAP_LENGTH:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)


def is_chap_right(value: bytes, password: bytes, challenge: bytes) -> bool:
    """Tell whether a checked CHAP-Password value was made from this password.

    `challenge` is CHAP-Challenge if the packet has one, else the Request Authenticator.
    """
    return hmac.compare_digest(value, chap_response(value[0], password, challenge))
