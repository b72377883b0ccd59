"""The asking side's UDP shell: sends one request, again if need be, and waits for a genuine answer.

For tools and for CoA. Retransmissions are the same octets with growing pauses (RFC 5080 §2.2.1);
untrusted datagrams are ignored and change no timer.
"""

import asyncio
import secrets
from typing import Final

from controller.core.errors import UnavailableError
from radius.protocol.errors import DropReason, PeerError
from radius.protocol.packet import AUTHENTICATOR_LENGTH, Packet
from radius.protocol.requester import PendingRequest

_BACK_OFF: Final = 2.0
_IDENTIFIERS: Final = 256


class _Waiter(asyncio.DatagramProtocol):
    def __init__(self, pending: PendingRequest) -> None:
        self._pending = pending
        self.answer: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self.ignored: DropReason | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr  # the socket is connected: it is the server's
        try:
            packet = self._pending.receive(data)
        except PeerError as error:
            self.ignored = error.reason
            return
        if not self.answer.done():
            self.answer.set_result(packet)

    def error_received(self, exc: Exception) -> None:
        """Go on waiting: the server may be starting."""


def fresh_identifier() -> int:
    """Return an identifier for a socket's first request."""
    return secrets.randbelow(_IDENTIFIERS)


def fresh_authenticator() -> bytes:
    """Return 16 random octets (RFC 2865 §3)."""
    return secrets.token_bytes(AUTHENTICATOR_LENGTH)


async def exchange(
    pending: PendingRequest, host: str, port: int, *, timeout_s: float = 1.0, tries: int = 3
) -> Packet:
    """Send a request from a socket of its own and return the genuine answer.

    Args:
        pending: the signed request.
        host: the server's address.
        port: its UDP port.
        timeout_s: pause before the first retransmission; each further one is twice as long.
        tries: how often to send at most.

    Raises:
        UnavailableError: no genuine answer came; `data["ignored"]` says why one was not believed.
    """
    loop = asyncio.get_running_loop()
    transport, waiter = await loop.create_datagram_endpoint(
        lambda: _Waiter(pending), remote_addr=(host, port)
    )
    try:
        for number in range(tries):
            transport.sendto(pending.data)
            done, _ = await asyncio.wait([waiter.answer], timeout=timeout_s * _BACK_OFF**number)
            if done:
                return waiter.answer.result()
    finally:
        waiter.answer.cancel()
        transport.close()
    ignored = waiter.ignored
    raise UnavailableError(
        f"no RADIUS answer from {host}:{port}"
        + (f"; one was not believed: {ignored.value}" if ignored else ""),
        hint="a server is silent towards an unknown source address and a wrong shared secret",
        ignored=ignored.value if ignored else None,
    )
