"""EAP datagrams that reached the wrong worker: passed to the one that knows the conversation.

The kernel spreads NASes over workers by address and port. A NAS that goes on from another port may land
on another worker; the first octet of State tells whose it is. The owner gets the datagram as it came, on
a Unix socket, and answers it from its own UDP socket, which is bound to the same address. What does not
fit into the owner's queue is treated as any unknown State: the device starts anew.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from radius.protocol.connection import Address, FindClient, RequestReceived

SENT: Final = "sent"
FULL: Final = "full"
TAKEN: Final = "taken"

_MOST_AT_ONCE: Final = 64
_LARGEST: Final = 8_192
_QUEUE_BYTES: Final = 1_048_576

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, int, bytes]).decode


def make_pair() -> tuple[socket.socket, socket.socket]:
    """Return the ends of a worker's queue: the one it reads, and the one all others write.

    A burst of some hundred datagrams fits, a thousand where the kernel allows it (`net.core.wmem_max`).
    """
    inbox, outbox = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    outbox.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _QUEUE_BYTES)
    return inbox, outbox


class Outboxes:
    """The ways to the other workers.

    Args:
        number: our own.
        sockets: Unix datagram sockets by the number of the worker behind each.
        find_client: the NAS table of UDP: what came another way cannot be answered by another worker.
        count: told what became of each datagram.
    """

    def __init__(
        self,
        number: int,
        sockets: Mapping[int, socket.socket],
        find_client: FindClient,
        count: Callable[[str], None],
    ) -> None:
        self._sockets = {other: sock for other, sock in sockets.items() if other != number}
        self._find_client = find_client
        self._count = count

    def hand_over(self, request: RequestReceived, state: bytes) -> bool:
        """Give the request to the owner of its State; false if there is none, or it has no room."""
        sock = self._sockets.get(state[0])
        if sock is None or self._find_client(request.source[0]) is not request.client:
            return False
        try:
            sock.send(_encode((*request.source, request.data)), socket.MSG_DONTWAIT)
        except OSError:
            self._count(FULL)
            return False
        self._count(SENT)
        return True


class Inbox:
    """What other workers handed over.

    Args:
        sock: our Unix datagram socket.
        receive: takes a datagram and where it came from, as from the UDP socket.
        count: told of each.
    """

    def __init__(
        self, sock: socket.socket, receive: Callable[[bytes, Address], None], count: Callable[[str], None]
    ) -> None:
        self._sock = sock
        self._receive = receive
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)

    def close(self) -> None:
        """Take no more."""
        self._loop.remove_reader(self._sock)

    def _read(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                host, port, data = _decode(self._sock.recv(_LARGEST, socket.MSG_DONTWAIT))
            except BlockingIOError:
                return
            self._count(TAKEN)
            self._receive(data, (host, port))
