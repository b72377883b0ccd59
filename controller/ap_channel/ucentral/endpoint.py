"""The uCentral endpoint: accepts TLS websockets of access points and ties the parts together.

A storm (a district's power returns) waits in the kernel's backlog: only ``handshakes`` TLS and
websocket handshakes are under way at any moment, each within ``HANDSHAKE_S``. The serial is the CN
of the verified client certificate; unknown and retired ones are turned away and counted.

It does not render configurations: whoever needs a configuration hears `on_connected`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

from controller.ap_channel.admission import Admission
from controller.ap_channel.board import Board
from controller.ap_channel.metrics import ChannelMetrics
from controller.ap_channel.repository import RefusedError
from controller.ap_channel.ucentral import handlers
from controller.ap_channel.ucentral.connection import CLOSE_GOING_AWAY
from controller.ap_channel.ucentral.errors import Reason
from controller.ap_channel.ucentral.link import ApLink
from controller.ap_channel.ucentral.messages import METHODS, Connect, Message
from controller.ap_channel.ucentral.registry import Registry, Session
from controller.core.clock import Clock
from controller.core.log import get_logger

LOG_TURNED_AWAY = "ap_channel.turned_away"

HANDSHAKE_S = 15.0
STALLED_S = 3.0
"""If nobody got through for so long, strangers sit on the slots: those there as long are cut."""
_TICK_S = 1.0
_CLOSE_BATCH = 500
_CLOSE_GRACE_S = 1.0

_log = get_logger(__name__)


class Endpoint:
    """The server.

    Args:
        tls: server context that demands client certificates.
        on_connected: called with the serial and the uuid the access point runs, at ``connect``.
        handshakes: how many handshakes may be under way at once.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        admission: Admission,
        registry: Registry,
        board: Board,
        metrics: ChannelMetrics,
        clock: Clock,
        on_connected: Callable[[str, int], None],
        handshakes: int = 64,
    ) -> None:
        if tls.verify_mode is not ssl.CERT_REQUIRED:
            raise ValueError("the AP channel needs a TLS context with CERT_REQUIRED")
        tls.num_tickets = 0  # APs do not resume; a ticket costs time and memory for nothing
        self._tls = tls
        self._admission = admission
        self._registry = registry
        self._board = board
        self._metrics = metrics
        self._clock = clock
        self._on_connected = on_connected
        self._slots = asyncio.Semaphore(handshakes)
        self._welcomes: dict[asyncio.Task[None], float] = {}
        """Handshakes under way and since when."""
        self._links: set[ApLink] = set()
        self._empty = asyncio.Event()
        self._messages = {shape: metrics.messages.labels(method).inc for method, shape in METHODS.items()}
        metrics.connected.set_function(lambda: len(registry))

    async def serve(self, sock: socket.socket) -> None:
        """Accept on a listening, non-blocking socket until cancelled; then close every connection."""
        ticking = asyncio.create_task(self._tick(), name="ap-channel-tick")
        try:
            await self._accept(sock)
        finally:
            ticking.cancel()
            sock.close()
            await self._close_all()

    # --- what links tell us (see link.Channel) -----------------------------------------------------

    def monotonic(self) -> float:
        """Seconds."""
        return self._clock.monotonic()

    def on_message(self, link: ApLink, message: Message, size: int) -> None:
        """Count it and hand it to its handler; ``connect`` opens the session."""
        self._messages[type(message)]()
        self._metrics.message_bytes.inc(size)
        now = self._clock.now()
        session = link.session
        if session is None:
            session = Session(message.serial, connected_at=now, config_uuid=0)
            link.session = session
            self._registry.add(session.serial, link)
            self._metrics.accepted.inc()
        handlers.handle(session, message, now, self._board)
        if isinstance(message, Connect):
            self._on_connected(session.serial, message.uuid)

    def on_refused(self, reason: Reason) -> None:
        """Count bad input."""
        self._metrics.refused.labels(str(reason)).inc()

    def on_dropped(self, why: str) -> None:
        """Count a connection that we close."""
        self._metrics.dropped.labels(why).inc()

    def on_slowed(self) -> None:
        """Count an access point that was made to wait."""
        self._metrics.slowed.inc()

    def on_command(self, method: str, outcome: str) -> None:
        """Count a command's end."""
        self._metrics.commands.labels(method, outcome).inc()

    def on_lost(self, link: ApLink, why: str) -> None:
        """The access point is offline, unless a newer connection of it stands."""
        self._links.discard(link)
        if not self._links:
            self._empty.set()
        session = link.session
        if session is not None and self._registry.remove(session.serial, link):
            handlers.on_disconnect(session, self._clock.now(), self._board, why=why)

    # --- accepting ---------------------------------------------------------------------------------

    async def _accept(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._take_slot()
            try:
                peer, _ = await loop.sock_accept(sock)
            except OSError:
                # Out of file descriptors, or the peer left the backlog: breathe, then go on.
                self._slots.release()
                self._turn_away("accept-failed")
                await asyncio.sleep(0.05)
                continue
            except asyncio.CancelledError:
                self._slots.release()
                raise
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self._welcome(peer))
            self._welcomes[task] = loop.time()
            task.add_done_callback(self._welcomes.pop)

    async def _take_slot(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STALLED_S):
                    await self._slots.acquire()
                    return
            stalled_since = asyncio.get_running_loop().time() - STALLED_S
            for task, since in self._welcomes.items():
                if since <= stalled_since:
                    self._turn_away("stalled")
                    task.cancel()

    async def _welcome(self, peer: socket.socket) -> None:
        """Handshakes of one connection; holds a slot until they are over."""
        loop = asyncio.get_running_loop()
        link = ApLink(self)
        self._metrics.handshakes.inc()
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: link, peer, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE_S
            )
            self._links.add(link)
            serial = common_name(transport.get_extra_info("peercert"))
            refusal = await self._admission.refusal(serial) if serial else "no-common-name"
            if refusal is not None:
                self._turn_away(refusal, serial=serial)
                link.abort()
                return
            over = asyncio.Event()
            link.settled = over.set
            link.admit(serial)
            async with asyncio.timeout(HANDSHAKE_S):
                await over.wait()
        except asyncio.CancelledError:
            link.abort()
            raise
        except ssl.SSLError as error:
            self._turn_away(_tls_reason(error))
        except TimeoutError:  # before OSError, which it is a kind of
            self._turn_away("slow-handshake")
            link.abort()
        except RefusedError:
            self._turn_away("no-database")
            link.abort()
        except OSError:
            self._turn_away("hung-up")
            link.abort()
        finally:
            self._metrics.handshakes.dec()
            self._slots.release()

    def _turn_away(self, reason: str, *, serial: str | None = None) -> None:
        self._metrics.turned_away.labels(reason).inc()
        _log.debug(LOG_TURNED_AWAY, reason=reason, serial=serial)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now = self._clock.monotonic()
            for link in list(self._links):
                link.tick(now)

    async def _close_all(self) -> None:
        """Tell every access point that we go, then cut; they come back by themselves."""
        welcomes = list(self._welcomes)
        for task in welcomes:
            task.cancel()
        await asyncio.gather(*welcomes, return_exceptions=True)
        links = list(self._links)
        for start in range(0, len(links), _CLOSE_BATCH):
            for link in links[start : start + _CLOSE_BATCH]:
                link.close(CLOSE_GOING_AWAY, "controller stops")
            await asyncio.sleep(0)
        if self._links:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_GRACE_S):
                    await self._empty.wait()
        for link in list(self._links):
            link.abort()
        await asyncio.sleep(0)


def common_name(certificate: object) -> str:
    """The CN of a certificate as `ssl` gives it (a dict of tuples); empty if there is none."""
    if not isinstance(certificate, dict):
        return ""
    for names in certificate.get("subject", ()):
        for key, value in names:
            if key == "commonName":
                return str(value)
    return ""


def _tls_reason(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if "DID_NOT_RETURN_A_CERTIFICATE" in reason:
        return "no-certificate"
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return "untrusted-certificate"
    return "tls"
