"""Values hidden with a shared secret, hidden anew with another one. A pure module.

A home server hides keys for us with its secret and the authenticator of our request; the NAS reads
them with its own secret and its own request's authenticator.
"""

from dataclasses import dataclass
from hashlib import md5
from typing import Final

from radius.protocol.errors import DropReason, MalformedError

_BLOCK: Final = 16
SALT_LENGTH: Final = 2
TAG_LENGTH: Final = 1


@dataclass(frozen=True, slots=True)
class Key:
    """What values are hidden with between two parties.

    Attributes:
        secret: their shared secret.
        authenticator: of the request, 16 octets.
    """

    secret: bytes
    authenticator: bytes


def rehide(value: bytes, old: Key, new: Key) -> bytes:
    """Return a value hidden as User-Password is (RFC 2865 §5.2), hidden anew.

    Raises:
        MalformedError: not a number of whole blocks.
    """
    return _rehide(value, old, new, b"")


def rehide_salted(value: bytes, old: Key, new: Key, *, tagged: bool = False) -> bytes:
    """Return an MS-MPPE key (RFC 2548 §2.4.2) or Tunnel-Password (RFC 2868 §3.5), hidden anew.

    The salt stays: it must differ only within a packet, and it comes from one. With `tagged` the
    value begins with a tag.

    Raises:
        MalformedError: no salt and whole blocks.
    """
    start = TAG_LENGTH if tagged else 0
    salt = value[start : start + SALT_LENGTH]
    blocks = value[start + SALT_LENGTH :]
    if not blocks:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    return value[: start + SALT_LENGTH] + _rehide(blocks, old, new, salt)


def _rehide(blocks: bytes, old: Key, new: Key, salt: bytes) -> bytes:
    if not blocks or len(blocks) % _BLOCK:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    previous_old = old.authenticator + salt
    previous_new = new.authenticator + salt
    out = bytearray()
    for at in range(0, len(blocks), _BLOCK):
        block = blocks[at : at + _BLOCK]
        plain = int.from_bytes(block, "big") ^ _pad(old.secret, previous_old)
        hidden = (plain ^ _pad(new.secret, previous_new)).to_bytes(_BLOCK, "big")
        out += hidden
        previous_old, previous_new = block, hidden
    return bytes(out)


def _pad(secret: bytes, previous: bytes) -> int:
    return int.from_bytes(md5(secret + previous, usedforsecurity=False).digest(), "big")
