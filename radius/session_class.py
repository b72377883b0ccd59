"""What the Class attribute carries: which session a NAS's accounting belongs to.

An Access-Accept gives the NAS a Class, and the NAS must send it in accounting unchanged (RFC 2865
§5.25). It holds identifiers only, no personal data, under a keyed digest: a NAS cannot make one up
and account for somebody else's session. Other servers' Class attributes are ignored.
"""

import hmac
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

_MAGIC: Final = b"k2"
_ULID_LENGTH: Final = 26
_DIGEST_LENGTH: Final = 12
_METHODS: Final = (
    "radius-pap",
    "radius-mab",
    "radius-chap",
    "radius-tls",
    "radius-ttls",
    "radius-peap",
    "radius-mschapv2",
    "radius-mpsk",
)
"""In the order of their numbers on the wire; new ones go to the end."""
_METHOD_OCTETS: Final = {method: bytes((number,)) for number, method in enumerate(_METHODS)}
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
        self._state = blake2b(key=key, digest_size=_DIGEST_LENGTH, person=_MAGIC)

    def encode(self, session: SessionClass) -> bytes:
        """Return the value, 67 octets of which 54 are readable ASCII."""
        return self.write(session.session_id, session.device_id, session.method)

    def write(self, session_id: str, device_id: str, method: str) -> bytes:
        """Return the value for the fields of a `SessionClass`; the quick way to it."""
        body = _MAGIC + _METHOD_OCTETS[method] + session_id.encode() + device_id.encode()
        state = self._state.copy()
        state.update(body)
        return body + state.digest()

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
        state = self._state.copy()
        state.update(body)
        if not hmac.compare_digest(value[-_DIGEST_LENGTH:], state.digest()):
            return None
        identifiers = body[len(_MAGIC) + 1 :].decode("ascii")
        return SessionClass(
            identifiers[:_ULID_LENGTH], identifiers[_ULID_LENGTH:], _METHODS[body[len(_MAGIC)]]
        )
