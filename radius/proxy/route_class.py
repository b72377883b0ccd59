"""Our own Class beside the home server's: which realm a visitor's accounting belongs to. Pure.

A NAS sends Class back in accounting unchanged (RFC 2865 §5.25). Ours holds the realm's pattern, since
the home server may have given the NAS another User-Name, and what must come back to the home server in
accounting though the NAS does not know it. It is signed, not secret, and never leaves the city.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from radius.protocol.packet import MAX_VALUE_LENGTH, Attribute

_MAGIC: Final = b"kr"
_DIGEST_LENGTH: Final = 12
_HEAD: Final = len(_MAGIC) + 1


@dataclass(frozen=True, slots=True)
class Routed:
    """A visitor's session.

    Attributes:
        pattern: pattern of the realm that let the visitor in.
        kept: attributes for the home server's accounting.
    """

    pattern: str
    kept: tuple[Attribute, ...] = ()


class RouteClassCodec:
    """Encodes and checks our Class of visitors.

    Args:
        key: 32 octets, the same in every RADIUS process of the city.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, routed: Routed) -> bytes | None:
        """Return the value; what does not fit is left out from the end. None: the pattern is too long."""
        pattern = routed.pattern.encode()
        room = MAX_VALUE_LENGTH - _HEAD - _DIGEST_LENGTH - len(pattern)
        if room < 0:
            return None
        body = bytearray(_MAGIC + bytes((len(pattern),)) + pattern)
        for kind, value in routed.kept:
            if len(value) + 2 > room:
                break
            room -= len(value) + 2
            body += bytes((kind, len(value) + 2)) + value
        return bytes(body) + self._digest(bytes(body))

    def split(self, values: Iterable[bytes]) -> tuple[Routed | None, list[bytes]]:
        """Return what our first genuine Class says, and all others' values in order."""
        routed: Routed | None = None
        others: list[bytes] = []
        for value in values:
            found = self._decode(value)
            if found is None:
                others.append(value)
            else:
                routed = routed or found
        return routed, others

    def _decode(self, value: bytes) -> Routed | None:
        body, digest = value[:-_DIGEST_LENGTH], value[-_DIGEST_LENGTH:]
        if not body.startswith(_MAGIC) or len(body) < _HEAD:
            return None
        if not hmac.compare_digest(digest, self._digest(body)):
            return None
        end = _HEAD + body[_HEAD - 1]
        return Routed(body[_HEAD:end].decode(), tuple(_attributes(body[end:])))

    def _digest(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, sha256)[:_DIGEST_LENGTH]


def _attributes(octets: bytes) -> Sequence[Attribute]:
    found: list[Attribute] = []
    at = 0
    while at < len(octets):
        end = at + octets[at + 1]
        found.append((octets[at], octets[at + 2 : end]))
        at = end
    return found
