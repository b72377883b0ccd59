"""Fragments of EAP-TLS, EAP-TTLS and PEAP (RFC 5216 §3.1, RFC 5281 §9.1): flags, length, TLS octets.

Each direction sends one fragment at a time; the other side asks for the next with an empty one.
"""

import struct
from typing import Final

from msgspec import Struct

from radius.protocol.errors import DropReason, MalformedError

_LENGTH_INCLUDED: Final = 0x80
_MORE: Final = 0x40
_START: Final = 0x20
_LENGTH = struct.Struct("!I")
_VERSION: Final = 0x07
MAX_MESSAGE: Final = 65_536
"""Octets of one TLS flight; an honest one with a long chain of certificates has some thousands."""

START: Final = bytes((_START,))
"""The method's first request. It has no length: some clients refuse one that does."""
ACKNOWLEDGEMENT: Final = b"\0"
"""A message without TLS octets: asks for the next fragment, or says there is nothing to say."""


class Fragment(Struct, frozen=True, gc=False):
    """What follows the type of a response.

    Attributes:
        more: further fragments of the message follow.
        total: octets of the whole message, if told.
        payload: TLS octets.
    """

    more: bool
    total: int | None
    payload: bytes


def parse_fragment(data: bytes) -> Fragment:
    """Parse what follows the type of a response; all methods here are of version 0.

    Raises:
        MalformedError: cut short, of another version, or a fragment that promises more and is empty.
    """
    if not data:
        raise MalformedError(DropReason.EAP_MALFORMED)
    flags = data[0]
    at = 1
    total = None
    if flags & _LENGTH_INCLUDED:
        at += _LENGTH.size
        if len(data) < at:
            raise MalformedError(DropReason.EAP_MALFORMED)
        total = _LENGTH.unpack_from(data, 1)[0]
    more = bool(flags & _MORE)
    if flags & (_START | _VERSION) or (more and len(data) == at):
        raise MalformedError(DropReason.EAP_MALFORMED)
    return Fragment(more, total, data[at:])


class Assembler:
    """Puts a message together again."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._total: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._octets)

    def add(self, fragment: Fragment) -> bytes | None:
        """Take a fragment; return the message if it was the last.

        Raises:
            MalformedError: it does not fit those before it, or the message is too long. It was not taken.
        """
        total = self._total
        if fragment.total is not None:
            if self.waiting and total != fragment.total:
                raise MalformedError(DropReason.EAP_FRAGMENT)
            total = fragment.total
        length = len(self._octets) + len(fragment.payload)
        allowed = MAX_MESSAGE if total is None else min(total, MAX_MESSAGE)
        if length > allowed or (not fragment.more and total not in {None, length}):
            raise MalformedError(DropReason.EAP_FRAGMENT)
        self._octets += fragment.payload
        self._total = total
        if fragment.more:
            return None
        message = bytes(self._octets)
        self._octets.clear()
        self._total = None
        return message


class Fragmenter:
    """Cuts messages into pieces.

    Args:
        size: most TLS octets of one fragment.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rest = b""

    @property
    def waiting(self) -> bool:
        """Whether fragments are left to send."""
        return bool(self._rest)

    def begin(self, message: bytes) -> bytes:
        """Return the first fragment of a message; an empty one is an acknowledgement."""
        self._rest = message
        if len(message) <= self._size:
            return self.next()
        first = self.next()
        return bytes((first[0] | _LENGTH_INCLUDED,)) + _LENGTH.pack(len(message)) + first[1:]

    def next(self) -> bytes:
        """Return the next fragment."""
        payload, self._rest = self._rest[: self._size], self._rest[self._size :]
        return bytes((_MORE if self._rest else 0,)) + payload
