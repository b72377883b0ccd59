"""Authenticators and Message-Authenticator: signing what we send, checking what we receive.

MD5 and HMAC-MD5 are what RADIUS over UDP has; after CVE-2024-3596 ("BlastRADIUS") only the
Message-Authenticator is trusted for Access-* packets, and it is always the first attribute of what
we send. Whether it is required is decided in `connection`.
"""

from collections.abc import Iterable, Sequence
from hmac import compare_digest
from typing import Final

from radius.protocol.attributes import ACCESS_REPLIES, MESSAGE_AUTHENTICATOR, Code
from radius.protocol.digests import hmac_md5, md5_digest
from radius.protocol.packet import (
    AUTHENTICATOR_LENGTH,
    HEADER_LENGTH,
    Attribute,
    Packet,
    encode_attributes,
    encode_beginning,
)

_ZERO: Final = bytes(AUTHENTICATOR_LENGTH)
_FIRST: Final = bytes((MESSAGE_AUTHENTICATOR, 2 + AUTHENTICATOR_LENGTH))
"""What stands before the value of a Message-Authenticator."""
_FIRST_LENGTH: Final = 2 + AUTHENTICATOR_LENGTH

_STATUS_SERVER: Final = int(Code.STATUS_SERVER)
_ACCOUNTING_RESPONSE: Final = int(Code.ACCOUNTING_RESPONSE)
_HASHED_REQUESTS: Final = frozenset({Code.ACCOUNTING_REQUEST, Code.DISCONNECT_REQUEST, Code.COA_REQUEST})
"""Requests whose Request Authenticator is a hash of the packet, not a random number."""


def trim(data: bytes) -> bytes:
    """Return the datagram without the padding after its Length field, which signs nothing."""
    length = data[2] << 8 | data[3]
    return data if length == len(data) else data[:length]


def is_request_authentic(packet: Packet, data: bytes, secret: bytes) -> bool:
    """Tell whether the Request Authenticator of an accounting, CoA or Disconnect request is right.

    `data` is the trimmed datagram of `packet` (RFC 2866 §3, RFC 5176 §2.3). An Access-Request or
    Status-Server has a random one: there is nothing to check, and the answer is True.
    """
    if packet.code not in _HASHED_REQUESTS:
        return True
    expected = md5_digest(b"".join((data[:4], _ZERO, data[HEADER_LENGTH:], secret)))
    return compare_digest(expected, packet.authenticator)


def is_message_authentic(
    packet: Packet, data: bytes, secret: bytes, *, request_authenticator: bytes | None = None
) -> bool:
    """Tell whether the Message-Authenticator, which must be present, is right.

    `data` is the trimmed datagram. For a reply, `request_authenticator` is that of the request
    (RFC 3579 §3.2). In requests whose authenticator is itself a hash it counts as sixteen zeros
    (RFC 5176 §3.4).
    """
    at = packet.message_authenticator_at
    if request_authenticator is None and packet.code in _HASHED_REQUESTS:
        request_authenticator = _ZERO
    if request_authenticator is None:
        message = b"".join((data[:at], _ZERO, data[at + AUTHENTICATOR_LENGTH :]))
    else:
        message = b"".join(
            (
                data[:4],
                request_authenticator,
                data[HEADER_LENGTH:at],
                _ZERO,
                data[at + AUTHENTICATOR_LENGTH :],
            )
        )
    expected = hmac_md5(secret, message)
    return compare_digest(expected, data[at : at + AUTHENTICATOR_LENGTH])


def is_reply_authentic(data: bytes, request_authenticator: bytes, secret: bytes) -> bool:
    """Tell whether a reply's Response Authenticator is right (RFC 2865 §3). `data` is trimmed."""
    expected = md5_digest(b"".join((data[:4], request_authenticator, data[HEADER_LENGTH:], secret)))
    return compare_digest(expected, data[4:HEADER_LENGTH])


def sign_request(
    code: int,
    identifier: int,
    attributes: Sequence[Attribute],
    secret: bytes,
    *,
    random_authenticator: bytes,
    message_authenticator: bool = True,
) -> bytes:
    """Encode and sign a request; a Message-Authenticator is put first.

    `random_authenticator` is 16 fresh random octets; it is not used where the code has a hashed
    authenticator. Give `attributes` without a Message-Authenticator. Leave `message_authenticator` as it is
    but for accounting, whose authenticator is a hash of everything anyway.
    """
    hashed = code in _HASHED_REQUESTS
    authenticator = _ZERO if hashed else random_authenticator
    beginning, octets = _sign(
        code, identifier, authenticator, attributes, secret, signed=message_authenticator
    )
    if hashed:
        authenticator = md5_digest(b"".join((beginning, _ZERO, octets, secret)))
    return b"".join((beginning, authenticator, octets))


def sign_reply(code: int, request: Packet, attributes: Iterable[Attribute], secret: bytes) -> bytes:
    """Encode and sign a reply to `request`. Give `attributes` without a Message-Authenticator.

    It is put first in Access-Accept, -Reject and -Challenge whatever the request had, in every
    reply to a Status-Server, and in CoA and Disconnect replies if the request had one. A plain
    Accounting-Response has none: servers disagree on what its hash would cover.
    """
    signed = (
        code in ACCESS_REPLIES
        or request.code == _STATUS_SERVER
        or (request.message_authenticator_at != 0 and code != _ACCOUNTING_RESPONSE)
    )
    authenticator = request.authenticator
    beginning, octets = _sign(code, request.identifier, authenticator, attributes, secret, signed=signed)
    return b"".join((beginning, md5_digest(b"".join((beginning, authenticator, octets, secret))), octets))


def _sign(
    code: int,
    identifier: int,
    authenticator: bytes,
    attributes: Iterable[Attribute],
    secret: bytes,
    *,
    signed: bool,
) -> tuple[bytes, bytes]:
    """Return what stands before the authenticator, and behind it, with a Message-Authenticator if `signed`.

    Raises:
        EncodeError: it does not fit.
    """
    octets = encode_attributes(attributes)
    if not signed:
        return encode_beginning(code, identifier, len(octets)), octets
    beginning = encode_beginning(code, identifier, _FIRST_LENGTH + len(octets))
    digest = hmac_md5(secret, b"".join((beginning, authenticator, _FIRST, _ZERO, octets)))
    return beginning, b"".join((_FIRST, digest, octets))
