"""Whether an answer is genuine: both authenticators, and that it answers what was asked."""

from typing import Final

from radius.protocol.attributes import ACCESS_REPLIES, Code
from radius.protocol.authenticator import is_message_authentic, is_reply_authentic, trim
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import HEADER_LENGTH, parse_packet

_ANSWERS: Final = {
    Code.ACCESS_REQUEST: ACCESS_REPLIES,
    Code.ACCOUNTING_REQUEST: frozenset({Code.ACCOUNTING_RESPONSE}),
}


def find_fault(request: bytes, answer: bytes, secret: bytes, *, require: bool) -> DropReason | None:
    """Return why an answer is not to be believed; None if it is genuine.

    Args:
        request: the octets that were sent.
        answer: the octets that came back with its identifier.
        secret: the shared secret.
        require: Access-* answers must have a Message-Authenticator.
    """
    try:
        packet = parse_packet(answer)
    except MalformedError as error:
        return error.reason
    if packet.code not in _ANSWERS[Code(request[0])]:
        return DropReason.UNEXPECTED_REPLY
    octets, authenticator = trim(answer), request[4:HEADER_LENGTH]
    if not packet.message_authenticator_at:
        if require and packet.code in ACCESS_REPLIES:
            return DropReason.NO_MESSAGE_AUTHENTICATOR
    elif not is_message_authentic(packet, octets, secret, request_authenticator=authenticator):
        return DropReason.BAD_MESSAGE_AUTHENTICATOR
    return None if is_reply_authentic(octets, authenticator, secret) else DropReason.BAD_AUTHENTICATOR
