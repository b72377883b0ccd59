"""The asking side: one request under way, from signing it to trusting the answer.

Used by `kolco radius test` and by whatever sends CoA or Disconnect. It sends nothing and waits for
nothing: the caller owns the socket, the random octets and the retransmissions, which are the same
octets again (RFC 5080 §2.2.1). An untrusted answer is dropped and changes no timer.
"""

from collections.abc import Sequence

from radius.protocol.attributes import ACCESS_REPLIES, PROXY_STATE, Code
from radius.protocol.authenticator import is_message_authentic, is_reply_authentic, sign_request, trim
from radius.protocol.errors import DropReason, UntrustedError
from radius.protocol.packet import HEADER_LENGTH, Attribute, Packet, parse_packet

_ANSWERS = {
    Code.ACCESS_REQUEST: ACCESS_REPLIES,
    Code.ACCOUNTING_REQUEST: frozenset({Code.ACCOUNTING_RESPONSE}),
    Code.STATUS_SERVER: frozenset({Code.ACCESS_ACCEPT, Code.ACCOUNTING_RESPONSE}),
    Code.COA_REQUEST: frozenset({Code.COA_ACK, Code.COA_NAK}),
    Code.DISCONNECT_REQUEST: frozenset({Code.DISCONNECT_ACK, Code.DISCONNECT_NAK}),
}


class PendingRequest:
    """A signed request and the check of its answer.

    Args:
        code: Access-, Accounting-, CoA- or Disconnect-Request, or Status-Server.
        identifier: 0 to 255, in use for no other request on the same socket.
        attributes: without Message-Authenticator, which is added, and first, but in accounting.
        secret: the shared secret.
        random_authenticator: 16 fresh random octets. Values hidden by the caller use them too.
        require_message_authenticator: drop Access-* answers that have none.

    Raises:
        EncodeError: the request does not fit.
    """

    def __init__(
        self,
        code: Code,
        identifier: int,
        attributes: Sequence[Attribute],
        secret: bytes,
        *,
        random_authenticator: bytes,
        require_message_authenticator: bool = True,
    ) -> None:
        self.code = code
        self.identifier = identifier
        # Servers disagree on what a Message-Authenticator in accounting would cover: radsecproxy 1.9 ends
        # the connection over one made as in RFC 5176 §3.4.
        self.data = sign_request(
            code,
            identifier,
            attributes,
            secret,
            random_authenticator=random_authenticator,
            message_authenticator=code != Code.ACCOUNTING_REQUEST,
        )
        self._secret = secret
        self._require = require_message_authenticator
        self._authenticator = self.data[4:HEADER_LENGTH]
        self._states = [value for kind, value in attributes if kind == PROXY_STATE]

    def receive(self, data: bytes) -> Packet:
        """Return the answer in a datagram from the server.

        Raises:
            MalformedError: it is no packet.
            UntrustedError: it answers something else, or is not shown to be genuine.
        """
        packet = parse_packet(data)
        if packet.identifier != self.identifier or packet.code not in _ANSWERS[self.code]:
            raise UntrustedError(DropReason.UNEXPECTED_REPLY)
        # The requirement is tested before any hash (draft-ietf-radext-deprecating-radius).
        if not packet.message_authenticator_at and packet.code in ACCESS_REPLIES and self._require:
            raise UntrustedError(DropReason.NO_MESSAGE_AUTHENTICATOR)
        octets = trim(data)
        if not is_reply_authentic(octets, self._authenticator, self._secret):
            raise UntrustedError(DropReason.BAD_AUTHENTICATOR)
        if packet.message_authenticator_at and not is_message_authentic(
            packet, octets, self._secret, request_authenticator=self._authenticator
        ):
            raise UntrustedError(DropReason.BAD_MESSAGE_AUTHENTICATOR)
        if packet.find_all(PROXY_STATE) != self._states:
            raise UntrustedError(DropReason.PROXY_STATE)
        return packet
