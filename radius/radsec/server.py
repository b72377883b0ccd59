"""The RadSec server: takes connections, sees to their ends, and holds how many there may be.

TLS runs in the event loop. Each connection is made with the trust in force at that moment, so new
authorities, lists and certificates need no restart; connections whose certificate was taken back, or
whose NAS was removed, are closed. Who may come is `peers`' matter, what is answered `session`'s.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from controller.core.log import get_logger
from radius.protocol.attributes import Code
from radius.protocol.packet import Attribute
from radius.radsec.certificates import names_of
from radius.radsec.metrics import Ended, RadsecMetrics
from radius.radsec.peers import Peer, PeerRegistry
from radius.radsec.reverse import PATIENCE_S
from radius.radsec.session import Handlers, RadsecSession
from radius.radsec.trust import TrustKeeper

LOG_REFUSED: Final = "radius.radsec_refused"

_SWEEP_S: Final = 1.0
_TELL_S: Final = 10.0
"""Between two lines of log about peers that were turned away."""
_HANDSHAKES_AT_ONCE: Final = 1_024
"""Of a whole city that comes back at once the others wait in the kernel's queue, not half-way in TLS; what
says nothing holds a place no longer than a handshake may take."""
_KEEPALIVE_S: Final = 60


@dataclass(frozen=True, slots=True)
class RadsecLimits:
    """What a server bears.

    Attributes:
        connections_max: connections open at a time.
        handshake_s: seconds a peer has for TLS.
        idle_s: seconds without a packet after which a connection is closed.
        slow_s: seconds a peer has to take answers that wait.
    """

    connections_max: int = 10_000
    handshake_s: float = 10.0
    idle_s: float = 600.0
    slow_s: float = 30.0


_log = get_logger(__name__)


class RadsecServer:
    """See the module.

    Args:
        trust: certificates in force.
        peers: NASes by certificate.
        handlers: what answers.
        metrics: counts connections.
        limits: what it bears.
    """

    def __init__(
        self,
        trust: TrustKeeper,
        peers: PeerRegistry,
        handlers: Handlers,
        metrics: RadsecMetrics,
        limits: RadsecLimits,
    ) -> None:
        self._trust = trust
        self._peers = peers
        self._handlers = handlers
        self._metrics = metrics
        self._limits = limits
        self._sessions: set[RadsecSession] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._empty: asyncio.Event | None = None
        self._room = asyncio.Semaphore(_HANDSHAKES_AT_ONCE)
        self._told_at = float("-inf")
        self._untold = 0

    def __len__(self) -> int:
        """Return the number of open connections."""
        return len(self._sessions)

    async def accept(self, sock: socket.socket) -> None:
        """Take connections from a listening socket until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._room.acquire()
            with ExitStack() as room:
                room.callback(self._room.release)
                try:
                    stream, _ = await loop.sock_accept(sock)
                except ConnectionError:
                    continue
                if len(self._sessions) + len(self._handshakes) >= self._limits.connections_max:
                    stream.close()
                    self._metrics.count_ended(Ended.FULL)
                    continue
                task = asyncio.create_task(self._shake_hands(stream))
                self._handshakes.add(task)
                task.add_done_callback(self._handshakes.discard)
                room.pop_all()  # it is the handshake's now

    async def sweep(self) -> None:
        """Close connections that are idle or do not take answers, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = self._handlers.monotonic()
            for session in tuple(self._sessions):
                if session.paused_at is not None and now - session.paused_at > self._limits.slow_s:
                    session.end(Ended.SLOW)
                elif not session.in_flight and now - session.heard_at > self._limits.idle_s:
                    session.end(Ended.IDLE)

    def review(self) -> None:
        """Close connections that would not be let in any more."""
        for session in tuple(self._sessions):
            found = self._judge(session.certificate_der)
            if isinstance(found, Ended):
                session.end(Ended.REMOVED if found is Ended.UNKNOWN else found)
            elif session.peer is not None and found.client.id != session.peer.client.id:
                session.end(Ended.REMOVED)

    async def ask(self, address: str, code: Code, attributes: Sequence[Attribute]) -> bytes:
        """Ask the NAS of a stand-in address over the connection it was last heard on.

        Returns the octets of its genuine answer, empty if there is none or no connection.
        """
        theirs = [
            session
            for session in self._sessions
            if session.peer is not None and session.peer.address == address
        ]
        if not theirs:
            return b""
        latest = max(theirs, key=lambda session: session.heard_at)
        return await latest.ask(code, attributes, PATIENCE_S)

    async def close(self) -> None:
        """Answer what is under way, two seconds at most, and close all connections."""
        for task in tuple(self._handshakes):
            task.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)
        await asyncio.gather(*(session.drain() for session in tuple(self._sessions)))
        for session in tuple(self._sessions):
            session.end(Ended.SHUTDOWN)
        if self._sessions:
            self._empty = asyncio.Event()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), timeout=1)

    async def _shake_hands(self, stream: socket.socket) -> None:
        try:
            _keep_alive(stream)
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make_session,
                stream,
                ssl=self._trust.current.server,
                ssl_handshake_timeout=self._limits.handshake_s,
                ssl_shutdown_timeout=1.0,
            )
        except (OSError, ssl.SSLError) as error:  # too long a handshake is a ConnectionAbortedError
            self._metrics.count_ended(Ended.HANDSHAKE)
            self._tell(Ended.HANDSHAKE, getattr(error, "verify_message", "") or str(error))
        finally:
            self._room.release()

    def _make_session(self) -> RadsecSession:
        return RadsecSession(self._admit, self._handlers, self._forget)

    def _admit(self, session: RadsecSession, transport: asyncio.Transport) -> Peer | Ended:
        self._sessions.add(session)
        der = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        found = self._judge(der)
        if isinstance(found, Peer):
            self._metrics.count_accepted(found.client.id)
        else:
            self._tell(found, _describe(der))
        return found

    def _tell(self, reason: Ended, what: str) -> None:
        """Log a peer that was turned away, but not each of a flood."""
        now = self._handlers.monotonic()
        if now - self._told_at < _TELL_S:
            self._untold += 1
            return
        _log.warning(LOG_REFUSED, reason=reason.value, what=what, untold=self._untold)
        self._told_at, self._untold = now, 0

    def _judge(self, der: bytes) -> Peer | Ended:
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            return Ended.UNKNOWN
        trust = self._trust.current
        if not trust.is_good(certificate):
            return Ended.REVOKED
        return self._peers.table.find(certificate, trust.own_authority) or Ended.UNKNOWN

    def _forget(self, session: RadsecSession, reason: Ended) -> None:
        self._sessions.discard(session)
        if not self._sessions and self._empty is not None:
            self._empty.set()
        self._metrics.count_ended(reason)


def _describe(der: bytes) -> str:
    """Return the names in a certificate, for the engineer who enters one of them with `--radsec-name`."""
    try:
        return "certificate of " + ", ".join(sorted(names_of(x509.load_der_x509_certificate(der))))
    except ValueError:
        return "a damaged certificate"


def _keep_alive(stream: socket.socket) -> None:
    """Have the kernel find out when a peer is gone, and send answers as soon as they are there."""
    stream.setblocking(False)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
