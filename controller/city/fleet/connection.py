"""One TLS websocket of a simulated access point, as a lean asyncio protocol.

TLS runs over memory BIOs in this protocol instead of the event loop's own TLS layer. That makes two
things possible: one TLS context serves thousands of access points although each shows its own
certificate (the certificate is loaded just before its TLS object is made, and OpenSSL copies it
then), and a connection costs a few kilobytes. The websocket itself is the sans-IO client of
`websockets`, without compression. It knows nothing of uCentral beyond the subprotocol's name.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Final, Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

SUBPROTOCOL: Final = Subprotocol("ucentral-broker")
MAX_FRAME_BYTES: Final = 1024 * 1024
WRITE_BUFFER_BYTES: Final = 16 * 1024
"""Above this the connection counts as choked and takes no more reports: an access point has little memory."""
_READ_BYTES: Final = 64 * 1024

_quiet = logging.getLogger("controller.city.fleet.websocket")
_quiet.setLevel(logging.CRITICAL)


class Dialer:
    """What all access points of a process share: where to connect and whom to trust."""

    def __init__(self, url: str, authority_pem: bytes) -> None:
        """`url` is `wss://host:port/`; `authority_pem` signs the controller's certificate."""
        self.uri: WebSocketURI = parse_uri(url)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.load_verify_locations(cadata=authority_pem.decode())

    def tls(self, certificate: Path, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """Return a TLS client that shows this certificate. Not thread-safe: one event loop uses it."""
        self._context.load_cert_chain(certificate)
        return self._context.wrap_bio(incoming, outgoing, server_hostname=self.uri.host)


class Listener(Protocol):
    """Who hears of a connection."""

    def opened(self) -> None:
        """The websocket is open."""

    def alive(self) -> None:
        """Something came, if only a pong."""

    def heard(self, message: bytes) -> None:
        """A whole text message came."""

    def lost(self, reason: str) -> None:
        """The connection ended, for `reason`; called once, also when it never opened."""


class Connection(asyncio.Protocol):
    """Dial, shake hands twice, then carry text messages until something ends it."""

    __slots__ = (
        "_certificate", "_choked", "_dialer", "_ended", "_incoming", "_listener", "_outgoing",
        "_shaken", "_tls", "_transport", "_websocket",
    )  # fmt: skip

    def __init__(self, dialer: Dialer, certificate: Path, listener: Listener) -> None:
        self._dialer = dialer
        self._certificate = certificate
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._websocket: ClientProtocol | None = None
        self._shaken = False
        self._choked = False
        self._ended = False

    @property
    def choked(self) -> bool:
        """Whether the peer takes less than we send."""
        return self._choked

    def send(self, message: bytes) -> None:
        """Send one text message; does nothing when the websocket is not open."""
        websocket = self._websocket
        if websocket is not None and websocket.state is State.OPEN and not self._ended:
            websocket.send_text(message)
            self._flush_websocket(websocket)

    def ping(self) -> None:
        """Send a websocket ping."""
        websocket = self._websocket
        if websocket is not None and websocket.state is State.OPEN and not self._ended:
            websocket.send_ping(b"")
            self._flush_websocket(websocket)

    def abort(self, reason: str) -> None:
        """Drop the connection without a word, as a power cut does; the listener hears `reason`."""
        self._end(reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is up: begin TLS."""
        self._transport = cast("asyncio.Transport", transport)
        if self._ended:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._tls = self._dialer.tls(self._certificate, self._incoming, self._outgoing)
        self._advance()

    def data_received(self, data: bytes) -> None:
        """Bytes from the controller."""
        self._incoming.write(data)
        self._advance()

    def eof_received(self) -> None:
        """The controller closed its side."""
        self._incoming.write_eof()
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is gone."""
        self._end("closed by the peer" if exc is None else type(exc).__name__)

    def pause_writing(self) -> None:
        """The peer reads too slowly."""
        self._choked = True

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._choked = False

    def _advance(self) -> None:
        if self._tls is None or self._ended:
            return
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
                self._upgrade()
            while data := self._tls.read(_READ_BYTES):
                if not self._feed(data):
                    return
            self._end("TLS closed")
        except ssl.SSLWantReadError:
            self._flush_tls()
        except ssl.SSLError as error:
            self._flush_tls()  # the alert tells the controller why
            self._end(f"TLS: {error.reason or type(error).__name__}")

    def _upgrade(self) -> None:
        websocket = ClientProtocol(
            self._dialer.uri,
            subprotocols=[SUBPROTOCOL],
            max_size=MAX_FRAME_BYTES,
            logger=_quiet,
        )
        self._websocket = websocket
        websocket.send_request(websocket.connect())
        self._flush_websocket(websocket)

    def _feed(self, data: bytes) -> bool:
        """Hand bytes to the websocket; False when that ended the connection."""
        websocket = self._websocket
        if websocket is None:
            return False
        websocket.receive_data(data)
        self._flush_websocket(websocket)  # pongs and closing frames
        self._listener.alive()
        for event in websocket.events_received():
            if isinstance(event, Response):
                if websocket.state is State.OPEN:
                    self._listener.opened()
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin:
                # The real client does not put fragments together: it loses them.
                self._listener.heard(bytes(event.data))
        failure = websocket.handshake_exc
        if failure is not None:
            kind = "websocket refused" if isinstance(failure, InvalidHandshake) else type(failure).__name__
            self._end(kind)
        elif websocket.state in {State.CLOSING, State.CLOSED}:
            self._end("websocket closed")
        return not self._ended

    def _flush_websocket(self, websocket: ClientProtocol) -> None:
        if self._tls is None:
            return
        for data in websocket.data_to_send():
            if data:
                self._tls.write(data)
        self._flush_tls()

    def _flush_tls(self) -> None:
        data = self._outgoing.read()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _end(self, reason: str) -> None:
        if self._ended:
            return
        self._ended = True
        if self._transport is not None:
            self._transport.abort()
        self._tls = None
        self._websocket = None
        self._listener.lost(reason)
