"""The way to a home server over UDP.

The proxy sends again by itself, the same octets after growing pauses with some chance in them (RFC 5080
§2.2.1), because a NAS's retransmission ends at our duplicate cache: one request of a NAS is never more
than one exchange with the home server, however often the NAS repeats it. Replies that are not genuine
are ignored and touch no timer. A server that is down is asked with Status-Server until it answers.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

from radius.protocol.attributes import Code
from radius.protocol.errors import DropReason, EncodeError, PeerError
from radius.proxy.health import Health
from radius.proxy.hidden import Key
from radius.proxy.rewrite import Forwarded
from radius.proxy.table import PendingTable, Waiting
from radius.proxy.types import Home, NoAnswerError, Reply, Timing

_SOCKETS_MAX: Final = 16
_AUTHENTICATOR_LENGTH: Final = 16


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, home: Home, ignored: Callable[[DropReason], None]) -> None:
        self.table = PendingTable(
            home.secret, require_message_authenticator=home.require_message_authenticator
        )
        self._ignored = ignored
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr  # the socket is connected
        try:
            self.table.receive(data)
        except PeerError as error:
            self._ignored(error.reason)

    def error_received(self, exc: Exception) -> None:
        """Go on: what an ICMP message says may be forged, and timers will tell."""

    def send(self, waiting: Waiting) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(waiting.pending.data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class UdpLink:
    """See the module.

    Args:
        home: the home server.
        port: its UDP port for this kind of request.
        timing: patience.
        monotonic: gives seconds of a clock that never goes back.
        random_octets: gives as many random octets as asked for.
        ignored: told why a datagram was not believed.
    """

    def __init__(
        self,
        home: Home,
        port: int,
        timing: Timing,
        *,
        monotonic: Callable[[], float],
        random_octets: Callable[[int], bytes],
        ignored: Callable[[DropReason], None],
    ) -> None:
        self.home = home
        self._port = port
        self._timing = timing
        self._monotonic = monotonic
        self._random = random_octets
        self._ignored = ignored
        self._health = Health(revive_s=None if home.status_server else timing.revive_s)
        self._sockets: list[_Socket] = []
        self._opening = asyncio.Lock()
        self._probing: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        """It answered when it was last heard of, as far as is known."""
        return self._health.is_up(self._monotonic())

    async def exchange(self, forwarded: Forwarded, patience_s: float) -> Reply:
        """See `choice.Link`."""
        authenticator = self._random(_AUTHENTICATOR_LENGTH)
        key = Key(self.home.secret, authenticator)
        attributes = forwarded.for_home(key)
        sent_at = self._monotonic()
        try:
            sock = await self._socket()
            waiting = sock.table.add(forwarded.code, attributes, authenticator)
        except OSError as error:  # no such host, no route
            self._missed(sent_at)
            raise NoAnswerError from error
        except EncodeError as error:
            raise NoAnswerError from error
        try:
            await self._send_until(sock, waiting, sent_at, sent_at + patience_s)
        finally:
            reply = waiting.reply
            packet = reply.result() if reply.done() and not reply.cancelled() else None
            sock.table.remove(waiting)
        if packet is None:
            self._missed(sent_at)
            raise NoAnswerError
        self._health.heard(self._monotonic())
        return Reply(packet, key)

    def review(self) -> None:
        """Do nothing: over UDP only the shared secret is trusted."""

    async def close(self) -> None:
        """See `choice.Link`."""
        if self._probing is not None:
            self._probing.cancel()
            with suppress(asyncio.CancelledError):
                await self._probing
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    async def _send_until(self, sock: _Socket, waiting: Waiting, sent_at: float, deadline: float) -> None:
        pause = self._timing.retransmit_s
        now = sent_at
        while now < deadline:
            sock.send(waiting)
            # Up to a tenth more or less, so that requests lost together are not sent again together.
            wait_s = pause * (0.9 + self._random(1)[0] / 1275)
            await asyncio.wait([waiting.reply], timeout=min(wait_s, deadline - now))
            if waiting.reply.done():
                return
            pause *= 2
            now = self._monotonic()
            if now - sent_at >= self._timing.response_s:
                self._missed(sent_at)

    async def _socket(self) -> _Socket:
        """Return a socket with a free identifier.

        Raises:
            NoAnswerError: too many requests are under way.
            OSError: the host is not known.
        """
        async with self._opening:
            for sock in self._sockets:
                if not sock.table.full:
                    return sock
            if len(self._sockets) >= _SOCKETS_MAX:
                raise NoAnswerError
            _, sock = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Socket(self.home, self._ignored), remote_addr=(self.home.host, self._port)
            )
            self._sockets.append(sock)
            return sock

    def _missed(self, sent_at: float) -> None:
        self._health.missed(sent_at, self._monotonic())
        if not self.up and self.home.status_server and (self._probing is None or self._probing.done()):
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        """Ask with Status-Server (RFC 5997) until it answers."""
        while not self.up:
            self._drop_idle_sockets()  # the name may belong to another address by now
            with suppress(OSError, NoAnswerError):
                sock = await self._socket()
                waiting = sock.table.add(Code.STATUS_SERVER, (), self._random(_AUTHENTICATOR_LENGTH))
                sock.send(waiting)
                await asyncio.wait([waiting.reply], timeout=self._timing.probe_s)
                if waiting.reply.done():
                    self._health.heard(self._monotonic())
                sock.table.remove(waiting)
            if not self.up:
                await asyncio.sleep(self._timing.probe_s)

    def _drop_idle_sockets(self) -> None:
        for sock in [sock for sock in self._sockets if not len(sock.table)]:
            sock.close()
            self._sockets.remove(sock)
