"""A RADIUS server that does what a test tells it to, in a thread: right, wrongly, twice, or not at all."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Self

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from radius.protocol.packet import Packet, parse_packet

SECRET = b"a shared secret for tests"

Behave = Callable[[Packet, bytes], Iterable[bytes]]
"""Takes a request, parsed and raw; the datagrams to answer with."""


def accept(packet: Packet, data: bytes, *, secret: bytes = SECRET, attributes=()) -> list[bytes]:
    """What a good server answers."""
    accounting = packet.code == Code.ACCOUNTING_REQUEST
    code = Code.ACCOUNTING_RESPONSE if accounting else Code.ACCESS_ACCEPT
    return [sign_reply(code, packet, attributes, secret)]


class RadiusServer:
    """Use as a context manager."""

    def __init__(self, behave: Behave = accept) -> None:
        self._behave = behave
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_194_304)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard: list[tuple[int, bytes]] = []
        """(source port, octets) in the order they came."""
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, source = self._socket.recvfrom(4096)
            if not data:
                return
            self.heard.append((source[1], data))
            for answer in self._behave(parse_packet(data), data):
                self._socket.sendto(answer, source)
