"""The redirector: a small HTTP server that sends captives to the portal.

It answers what the gate bends to it (port 80 of captives) from memory and touches no database. One
request a connection, a bounded number of connections in all and by client, five seconds each;
what is no HTTP is counted and dropped.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import cast

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.http1 import MalformedRequestError, Request, encode_answer, parse_request
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.probes import answer_captive, answer_open, answer_retry, find_probe
from captive_portal.handles import Handle, HandleCodec
from controller.core.clock import Clock

MAX_CONNECTIONS = 4_096
MAX_CONNECTIONS_BY_CLIENT = 64
REQUEST_TIMEOUT_S = 5.0
LINGER_S = 0.5


class Redirects:
    """Decides what one request gets. Pure but for the metrics.

    Args:
        gateway_id: goes into the handle.
        portal_url: where captives are sent, without a slash at the end.
        lan: the clients' network: a request to an address of it is meant for the gateway.
        codec: signs handles.
        find_client: address pair by IP, None if unknown.
        is_open: whether the gate is open for a pair.
        seen_captive: told of each captive, so that a known device is let in though an event was lost.
    """

    def __init__(
        self,
        *,
        gateway_id: str,
        portal_url: str,
        lan: IPv4Network,
        codec: HandleCodec,
        clock: Clock,
        metrics: GatewayMetrics,
        find_client: Callable[[str], Client | None],
        is_open: Callable[[Client], bool],
        seen_captive: Callable[[Client], None],
    ) -> None:
        self._gateway_id = gateway_id
        self._portal_url = portal_url
        self._lan = lan
        self._codec = codec
        self._clock = clock
        self._metrics = metrics
        self._find_client = find_client
        self._is_open = is_open
        self._seen_captive = seen_captive

    def answer(self, request: Request, ip: str) -> bytes:
        """The bytes to send to the client at `ip`."""
        probe = find_probe(request)
        client = self._find_client(ip)
        online = client is not None and self._is_open(client)
        if probe is not None:
            self._metrics.probes.labels(probe.value, "open" if online else "captive").inc()
        head_only = request.method == "HEAD"
        if online:
            if probe is not None:
                return encode_answer(answer_open(probe, request), head_only=head_only)
            if request.host and request.path.startswith("/") and not self._is_ours(request.host):
                return encode_answer(answer_retry(request), head_only=head_only)
            return encode_answer(answer_captive(f"{self._portal_url}/", request.method), head_only=head_only)
        if client is not None:
            self._seen_captive(client)
        self._metrics.redirects.inc()
        return encode_answer(answer_captive(self._location(client), request.method), head_only=head_only)

    def _location(self, client: Client | None) -> str:
        if client is None:
            return f"{self._portal_url}/"  # the portal knows the client by its address, or asks
        handle = Handle(self._gateway_id, client.mac, client.ip, self._clock.now())
        return f"{self._portal_url}/?h={self._codec.encode(handle)}"

    def _is_ours(self, host: str) -> bool:
        try:
            return IPv4Address(host) in self._lan
        except ValueError:
            return False


class _Connection(asyncio.Protocol):
    def __init__(self, server: "Redirector") -> None:
        self._server = server
        self._data = b""
        self._ip = ""
        self._answered = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance(): uvloop's transports do not inherit from asyncio's.
        stream = cast("asyncio.Transport", transport)
        self._transport = stream
        self._ip = stream.get_extra_info("peername")[0]
        self._server.hold(stream)
        if not self._server.admit(self._ip):
            stream.abort()
            self._ip = ""
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(REQUEST_TIMEOUT_S, stream.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._server.release(self._transport)
        if self._ip:
            self._server.leave(self._ip)

    def data_received(self, data: bytes) -> None:
        if self._answered or self._transport is None or not self._ip:
            return  # a body that nobody wants
        self._data += data
        try:
            request = parse_request(self._data)
        except MalformedRequestError:
            self._server.metrics.malformed.inc()
            self._transport.abort()
            return
        if request is None:
            return
        self._answered = True
        self._data = b""
        self._transport.write(self._server.redirects.answer(request, self._ip))
        if self._timer is not None:
            self._timer.cancel()
        # Close our half and wait a moment: closing both with a body unread would send a reset,
        # which may overtake the answer.
        self._transport.write_eof()
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)

    def eof_received(self) -> bool:
        return False


class Redirector:
    """Serves `Redirects` on a listening socket until closed."""

    def __init__(self, redirects: Redirects, metrics: GatewayMetrics) -> None:
        self.redirects = redirects
        self.metrics = metrics
        self._clients: Counter[str] = Counter()
        self._connections = 0
        self._transports: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Accept connections on the socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=sock, backlog=4096)

    async def stop(self) -> None:
        """Stop accepting and end the connections under way."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._transports):
            transport.abort()
        await asyncio.sleep(0)  # lets each of them say that it is gone

    def hold(self, transport: asyncio.Transport) -> None:
        """Remember a connection until it is released."""
        self._transports.add(transport)

    def release(self, transport: asyncio.Transport) -> None:
        """Forget a connection that has ended."""
        self._transports.discard(transport)

    def admit(self, ip: str) -> bool:
        """Count a connection in; False if there are too many."""
        if self._connections >= MAX_CONNECTIONS or self._clients[ip] >= MAX_CONNECTIONS_BY_CLIENT:
            self.metrics.refused_connections.inc()
            return False
        self._connections += 1
        self._clients[ip] += 1
        return True

    def leave(self, ip: str) -> None:
        """Count a connection out."""
        self._connections -= 1
        self._clients[ip] -= 1
        if self._clients[ip] <= 0:
            del self._clients[ip]
