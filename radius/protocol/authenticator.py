"""Authenticators and Message-Authenticator: signing what we send, checking what we receive.

MD5 and HMAC-MD5 are what RADIUS over UDP has; after CVE-2024-3596 ("BlastRADIUS") only the
Message-Authenticator is trusted for Access-* packets, and it is always the first attribute of what
we send. Whether it is required is decided in `connection`.
"""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import md5
from typing import Final

from radius.protocol.attributes import ACCESS_REPLIES, MESSAGE_AUTHENTICATOR, Code
from radius.protocol.packet import AUTHENTICATOR_LENGTH, HEADER_LENGTH, Attribute, Packet, encode_packet

_ZERO: Final = bytes(AUTHENTICATOR_LENGTH)
_EMPTY_MESSAGE_AUTHENTICATOR: Final = (MESSAGE_AUTHENTICATOR, _ZERO)
_FIRST_VALUE: Final = HEADER_LENGTH + 2

_HASHED_REQUESTS: Final = frozenset({Code.ACCOUNTING_REQUEST, Code.DISCONNECT_REQUEST, Code.COA_REQUEST})
"""Requests whose Request Authenticator is a hash of the packet, not a random number."""


def _md5(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).digest()


def trim(data: bytes) -> bytes:
    """Return the datagram without the padding after its Length field, which signs nothing."""
    length = int.from_bytes(data[2:4], "big")
    return data if length == len(data) else data[:length]


def is_request_authentic(packet: Packet, data: bytes, secret: bytes) -> bool:
    """Tell whether the Request Authenticator of an accounting, CoA or Disconnect request is right.

    `data` is the trimmed datagram of `packet` (RFC 2866 §3, RFC 5176 §2.3). An Access-Request or
    Status-Server has a random one: there is nothing to check, and the answer is True.
    """
    if packet.code not in _HASHED_REQUESTS:
        return True
    expected = _md5(b"".join((data[:4], _ZERO, data[HEADER_LENGTH:], secret)))
    return hmac.compare_digest(expected, packet.authenticator)


def is_message_authentic(
    packet: Packet, data: bytes, secret: bytes, *, request_authenticator: bytes | None = None
) -> bool:
    """Tell whether the Message-Authenticator, which must be present, is right.

    `data` is the trimmed datagram. For a reply, `request_authenticator` is that of the request
    (RFC 3579 §3.2). In requests whose authenticator is itself a hash it counts as sixteen zeros
    (RFC 5176 §3.4).
    """
    at = packet.message_authenticator_at
    if request_authenticator is None:
        hashed = packet.code in _HASHED_REQUESTS
        request_authenticator = _ZERO if hashed else packet.authenticator
    message = b"".join(
        (
            data[:4],
            request_authenticator,
            data[HEADER_LENGTH:at],
            _ZERO,
            data[at + AUTHENTICATOR_LENGTH :],
        )
    )
    expected = hmac.digest(secret, message, "md5")
    return hmac.compare_digest(expected, data[at : at + AUTHENTICATOR_LENGTH])


def is_reply_authentic(data: bytes, request_authenticator: bytes, secret: bytes) -> bool:
    """Tell whether a reply's Response Authenticator is right (RFC 2865 §3). `data` is trimmed."""
    expected = _md5(b"".join((data[:4], request_authenticator, data[HEADER_LENGTH:], secret)))
    return hmac.compare_digest(expected, data[4:HEADER_LENGTH])


def sign_request(
    code: int,
    identifier: int,
    attributes: Sequence[Attribute],
    secret: bytes,
    *,
    random_authenticator: bytes,
) -> bytes:
    """Encode and sign a request; a Message-Authenticator is put first, always.

    `random_authenticator` is 16 fresh random octets; it is not used where the code has a hashed
    authenticator. Give `attributes` without a Message-Authenticator.
    """
    signed = (_EMPTY_MESSAGE_AUTHENTICATOR, *attributes)
    hashed = code in _HASHED_REQUESTS
    data = encode_packet(code, identifier, _ZERO if hashed else random_authenticator, signed)
    data = _with_message_authenticator(data, hmac.digest(secret, data, "md5"))
    if hashed:
        data = b"".join((data[:4], _md5(data + secret), data[HEADER_LENGTH:]))
    return data


def sign_reply(code: int, request: Packet, attributes: Iterable[Attribute], secret: bytes) -> bytes:
    """Encode and sign a reply to `request`. Give `attributes` without a Message-Authenticator.

    It is put first in Access-Accept, -Reject and -Challenge whatever the request had, in every
    reply to a Status-Server, and in CoA and Disconnect replies if the request had one. A plain
    Accounting-Response has none: servers disagree on what its hash would cover.
    """
    if (
        code in ACCESS_REPLIES
        or request.code == Code.STATUS_SERVER
        or (request.message_authenticator_at and code != Code.ACCOUNTING_RESPONSE)
    ):
        signed = (_EMPTY_MESSAGE_AUTHENTICATOR, *attributes)
        data = encode_packet(code, request.identifier, request.authenticator, signed)
        data = _with_message_authenticator(data, hmac.digest(secret, data, "md5"))
    else:
        data = encode_packet(code, request.identifier, request.authenticator, attributes)
    return b"".join((data[:4], _md5(data + secret), data[HEADER_LENGTH:]))


def _with_message_authenticator(data: bytes, value: bytes) -> bytes:
    return b"".join((data[:_FIRST_VALUE], value, data[_FIRST_VALUE + AUTHENTICATOR_LENGTH :]))
