"""The asking side's UDP shell: sends one request, again if need be, and waits for a genuine answer.

For tools and for CoA. Retransmissions are the same octets with growing pauses (RFC 5080 §2.2.1);
untrusted datagrams are ignored and change no timer.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from controller.core.errors import UnavailableError
from radius.protocol.errors import DropReason, PeerError
from radius.protocol.packet import AUTHENTICATOR_LENGTH, Packet
from radius.protocol.requester import PendingRequest

_BACK_OFF: Final = 2.0
_IDENTIFIERS: Final = 256


class Line(asyncio.DatagramProtocol):
    """A UDP socket connected to a server, as an access point has one; asks one thing at a time.

    Use `open_line`. A server may keep to the source port what belongs together, such as an EAP login.

    Args:
        host: the server's address.
        port: its UDP port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._where = f"{host}:{port}"
        self._transport: asyncio.DatagramTransport | None = None
        self._pending: PendingRequest | None = None
        self._answer: asyncio.Future[Packet] | None = None
        self._ignored: DropReason | None = None
        self._refused = False

    def use(self, transport: asyncio.DatagramTransport) -> None:
        """Take the socket; before the first request."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take what answers the request under way."""
        del addr  # the socket is connected: it is the server's
        if self._pending is None or self._answer is None:
            return
        try:
            packet = self._pending.receive(data)
        except PeerError as error:
            self._ignored = error.reason
            return
        if not self._answer.done():
            self._answer.set_result(packet)

    def error_received(self, exc: Exception) -> None:
        """Go on waiting: the server may be starting."""
        self._refused = isinstance(exc, ConnectionRefusedError)

    async def ask(self, pending: PendingRequest, *, timeout_s: float = 1.0, tries: int = 3) -> Packet:
        """Send a request and return the genuine answer.

        Args:
            pending: the signed request.
            timeout_s: pause before the first retransmission; each further one is twice as long.
            tries: how often to send at most.

        Raises:
            UnavailableError: no genuine answer came; `data["ignored"]` says why one was not believed.
        """
        assert self._transport is not None  # noqa: S101 - `open_line` has waited for it
        self._pending, self._ignored, self._refused = pending, None, False
        answer: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._answer = answer
        try:
            for number in range(tries):
                self._transport.sendto(pending.data)
                done, _ = await asyncio.wait([answer], timeout=timeout_s * _BACK_OFF**number)
                if done:
                    return answer.result()
        finally:
            answer.cancel()
        raise self._silence()

    def _silence(self) -> UnavailableError:
        if self._ignored is not None:
            return UnavailableError(
                f"no RADIUS answer from {self._where} is to be believed: {self._ignored.value}",
                hint="the shared secret is another there, or it does not sign its answers",
                ignored=self._ignored.value,
            )
        if self._refused:
            return UnavailableError(
                f"nothing listens at {self._where}",
                hint="is `kolco serve radius` running there, on that address and port?",
                ignored=None,
            )
        return UnavailableError(
            f"no RADIUS answer from {self._where}",
            hint="a server is silent towards an unknown source address and a wrong shared secret: "
            "`kolco radius watch` on it shows which",
            ignored=None,
        )


@asynccontextmanager
async def open_line(host: str, port: int) -> AsyncIterator[Line]:
    """Open a socket of its own to a server, until the block ends.

    Raises:
        UnavailableError: the host name has no address.
    """
    line = Line(host, port)
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: line, remote_addr=(host, port)
        )
    except socket.gaierror as error:
        raise UnavailableError(
            f"{host} has no address: {error.strerror}", hint="check the name, or give an address"
        ) from error
    line.use(transport)
    try:
        yield line
    finally:
        transport.close()


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
    async with open_line(host, port) as line:
        return await line.ask(pending, timeout_s=timeout_s, tries=tries)
