"""What the Class attribute carries: which session a NAS's accounting belongs to.

An Access-Accept gives the NAS a Class, and the NAS must send it in accounting unchanged (RFC 2865
§5.25). It holds identifiers only, no personal data, under a keyed digest: a NAS cannot make one up
and account for somebody else's session. Other servers' Class attributes are ignored.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

_MAGIC: Final = b"k1"
_ULID_LENGTH: Final = 26
_DIGEST_LENGTH: Final = 12
_METHODS: Final = ("radius-pap", "radius-mab", "radius-chap", "radius-tls", "radius-ttls", "radius-peap")
"""In the order of their numbers on the wire; new ones go to the end."""
_LENGTH: Final = len(_MAGIC) + 1 + 2 * _ULID_LENGTH + _DIGEST_LENGTH


@dataclass(frozen=True, slots=True)
class SessionClass:
    """A session promised by an Access-Accept.

    Attributes:
        session_id: ULID of the session; it is created when the NAS reports its start.
        device_id: ULID of the device that was let in.
        method: how it was let in, a value of `sessions.method`.
    """

    session_id: str
    device_id: str
    method: str


class ClassCodec:
    """Encodes and checks Class values.

    Args:
        key: 32 octets, the same in every RADIUS process of the city.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, session: SessionClass) -> bytes:
        """Return the value, 67 octets of which 54 are readable ASCII."""
        method = bytes((_METHODS.index(session.method),))
        body = _MAGIC + method + session.session_id.encode() + session.device_id.encode()
        return body + self._digest(body)

    def find(self, values: list[bytes]) -> SessionClass | None:
        """Return the session of the first value that is ours and genuine, or None."""
        for value in values:
            session = self._decode(value)
            if session is not None:
                return session
        return None

    def _decode(self, value: bytes) -> SessionClass | None:
        if len(value) != _LENGTH or not value.startswith(_MAGIC):
            return None
        body = value[:-_DIGEST_LENGTH]
        if not hmac.compare_digest(value[-_DIGEST_LENGTH:], self._digest(body)):
            return None
        identifiers = body[len(_MAGIC) + 1 :].decode("ascii")
        return SessionClass(
            identifiers[:_ULID_LENGTH], identifiers[_ULID_LENGTH:], _METHODS[body[len(_MAGIC)]]
        )

    def _digest(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, sha256)[:_DIGEST_LENGTH]
