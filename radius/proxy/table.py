"""Requests under way on one socket or connection: at most 256, told apart by their identifier."""

import asyncio
from collections import deque
from collections.abc import Sequence

from radius.protocol.attributes import Code
from radius.protocol.errors import DropReason, MalformedError, UntrustedError
from radius.protocol.packet import HEADER_LENGTH, Attribute, Packet
from radius.protocol.requester import PendingRequest

IDENTIFIERS = 256


class Waiting:
    """A request under way: its octets, and a future of its genuine reply."""

    __slots__ = ("pending", "reply")

    def __init__(self, pending: PendingRequest) -> None:
        self.pending = pending
        self.reply: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()


class PendingTable:
    """See the module.

    Args:
        secret: the shared secret.
        require_message_authenticator: drop Access-* replies without.
    """

    def __init__(self, secret: bytes, *, require_message_authenticator: bool) -> None:
        self._secret = secret
        self._require = require_message_authenticator
        # The one given back longest ago is used next: a late reply meets nothing it could be taken for.
        self._free = deque(range(IDENTIFIERS))
        self._waiting: dict[int, Waiting] = {}

    def __len__(self) -> int:
        """Return the number of requests under way."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """There is no identifier left."""
        return not self._free

    def add(self, code: Code, attributes: Sequence[Attribute], authenticator: bytes) -> Waiting:
        """Sign a request under a free identifier; give it back with `remove`.

        Raises:
            IndexError: the table is full.
            EncodeError: the request does not fit into a packet.
        """
        pending = PendingRequest(
            code,
            self._free[0],
            attributes,
            self._secret,
            random_authenticator=authenticator,
            # Older servers sign no answer to Status-Server, and all that a forged one could tell is "alive".
            require_message_authenticator=self._require and code is not Code.STATUS_SERVER,
        )
        waiting = Waiting(pending)
        self._waiting[self._free.popleft()] = waiting
        return waiting

    def remove(self, waiting: Waiting) -> None:
        """Give a request's identifier back."""
        if self._waiting.pop(waiting.pending.identifier, None) is not None:
            self._free.append(waiting.pending.identifier)
        waiting.reply.cancel()

    def receive(self, data: bytes) -> None:
        """Take what came from the server.

        Raises:
            PeerError: it is no packet, a reply to nothing, or not genuine.
        """
        if len(data) < HEADER_LENGTH:
            raise MalformedError(DropReason.SHORT)
        waiting = self._waiting.get(data[1])
        if waiting is None:
            raise UntrustedError(DropReason.UNEXPECTED_REPLY)
        packet = waiting.pending.receive(data)
        if not waiting.reply.done():
            waiting.reply.set_result(packet)

    def fail(self, error: Exception) -> None:
        """Tell all who wait that no reply will come this way."""
        for waiting in self._waiting.values():
            if not waiting.reply.done():
                waiting.reply.set_exception(error)
                waiting.reply.exception()  # it may be that nobody asks any more
