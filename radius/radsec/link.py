"""The way to a home server over RadSec: connections that are kept, watched and made anew.

A connection is kept open though nothing is asked, so that the first visitor of the night does not wait for
TLS; silence is broken with Status-Server (RFC 3539 §3.4.1) before other servers' idle time-outs of
30 s. One that does not answer is closed and made anew. What was under way on a connection that is lost
is sent again on another one. When 256 requests are under way, another connection is opened.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

from cryptography import x509

from controller.core.log import get_logger
from radius.protocol.attributes import Code
from radius.protocol.errors import DropReason, EncodeError, PeerError
from radius.proxy.hidden import Key
from radius.proxy.rewrite import Forwarded
from radius.proxy.table import PendingTable, Waiting
from radius.proxy.types import Home, NoAnswerError, Reply, Timing
from radius.radsec.framing import Framer
from radius.radsec.trust import Trust

LOG_CONNECTED = "radius.radsec_home_connected"
LOG_LOST = "radius.radsec_home_lost"

_LANES_MAX: Final = 4
"""Connections to one home server at most, in each worker."""
_FIRST_BACK_OFF_S: Final = 0.25
_SPARE_IDLE_S: Final = 60.0
_AUTHENTICATOR_LENGTH: Final = 16

_log = get_logger(__name__)


class _LostError(Exception):
    """The connection ended before the reply came."""


class _Stream(asyncio.Protocol):
    """One connection to a home server."""

    def __init__(
        self, home: Home, monotonic: Callable[[], float], ignored: Callable[[DropReason], None]
    ) -> None:
        self.table = PendingTable(home.secret, require_message_authenticator=False)
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.suspect = asyncio.Event()
        self.certificate: x509.Certificate | None = None
        self.heard_at = self.checked_at = monotonic()
        self._monotonic = monotonic
        self._ignored = ignored
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None

    @property
    def open(self) -> bool:
        return not self.lost.done() and not self.suspect.is_set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.lost.done():
            self.lost.set_result(None)
        self.table.fail(_LostError())

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._monotonic()
        try:
            for packet in self._framer.receive(data):
                self._take(packet)
        except PeerError as error:
            self._ignored(error.reason)
            self.abort()

    def _take(self, packet: bytes) -> None:
        try:
            self.table.receive(packet)
        except PeerError as error:
            if error.reason is not DropReason.UNEXPECTED_REPLY:  # that is a reply that came too late
                raise
            self._ignored(error.reason)

    def eof_received(self) -> None:
        """Close our side as well."""

    def send(self, waiting: Waiting) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(waiting.pending.data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class RadsecLink:
    """See the module.

    Args:
        home: the home server.
        trust: gives the certificates in force.
        timing: patience.
        monotonic: gives seconds of a clock that never goes back.
        random_octets: gives as many random octets as asked for.
        ignored: told why octets were not believed.
    """

    def __init__(
        self,
        home: Home,
        trust: Callable[[], Trust],
        timing: Timing,
        *,
        monotonic: Callable[[], float],
        random_octets: Callable[[int], bytes],
        ignored: Callable[[DropReason], None],
    ) -> None:
        self.home = home
        self._trust = trust
        self._timing = timing
        self._monotonic = monotonic
        self._random = random_octets
        self._ignored = ignored
        self._streams: list[_Stream] = []
        self._changed = asyncio.Event()
        self._lanes: set[asyncio.Task[None]] = set()
        self._start_lane(spare=False)

    @property
    def up(self) -> bool:
        """A connection is open, and its server is not suspected to be gone."""
        return any(stream.open for stream in self._streams)

    @property
    def connections(self) -> int:
        """The number of connections open."""
        return len(self._streams)

    async def exchange(self, forwarded: Forwarded, patience_s: float) -> Reply:
        """See `choice.Link`."""
        authenticator = self._random(_AUTHENTICATOR_LENGTH)
        key = Key(self.home.secret, authenticator)
        attributes = forwarded.for_home(key)
        deadline = self._monotonic() + patience_s
        while True:
            stream = await self._stream(deadline)
            try:
                waiting = stream.table.add(forwarded.code, attributes, authenticator)
            except EncodeError as error:
                raise NoAnswerError from error
            sent_at = self._monotonic()
            try:
                stream.send(waiting)
                wait_s = min(self._timing.response_s, deadline - sent_at)
                await asyncio.wait([waiting.reply], timeout=wait_s)
                if not waiting.reply.done() and stream.heard_at < sent_at:
                    stream.suspect.set()
                if not waiting.reply.done():
                    await asyncio.wait([waiting.reply], timeout=max(0.0, deadline - self._monotonic()))
                if not waiting.reply.done():
                    raise NoAnswerError
                return Reply(waiting.reply.result(), key)
            except _LostError:
                continue
            finally:
                stream.table.remove(waiting)

    def review(self) -> None:
        """Close connections to a server whose certificate was taken back."""
        trust = self._trust()
        for stream in self._streams:
            if stream.certificate is not None and not trust.is_good(stream.certificate):
                stream.abort()

    async def close(self) -> None:
        """See `choice.Link`."""
        lanes = tuple(self._lanes)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _stream(self, deadline: float) -> _Stream:
        """Return the connection with the fewest requests under way; wait for one if need be."""
        while True:
            free = [stream for stream in self._streams if stream.open and not stream.table.full]
            if free:
                return min(free, key=lambda stream: len(stream.table))
            connecting = len(self._lanes) > len(self._streams)
            if self.up and not connecting and len(self._lanes) < _LANES_MAX:
                self._start_lane(spare=True)
            self._changed.clear()
            left = deadline - self._monotonic()
            # Waited for in short pieces: an identifier that was given back tells nobody.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout=max(0.0, min(left, 0.05)))
            if left <= 0:
                raise NoAnswerError

    def _start_lane(self, *, spare: bool) -> None:
        lane = asyncio.create_task(self._keep(spare=spare))
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)

    async def _keep(self, *, spare: bool) -> None:
        """Keep one connection; a spare one only for as long as it is used."""
        back_off = _FIRST_BACK_OFF_S
        while True:
            try:
                stream = await self._connect()
                back_off = _FIRST_BACK_OFF_S
                if not await self._serve(stream, spare=spare):
                    return
            except (OSError, ssl.SSLError, NoAnswerError) as error:
                _log.warning(LOG_LOST, home=self.home.id, reason=str(error) or type(error).__name__)
            except Exception:  # noqa: BLE001 - a fault must not close the way for ever
                _log.exception(LOG_LOST, home=self.home.id)
            if spare:
                return
            # Up to a half more, so that workers do not come back all at once.
            await asyncio.sleep(back_off * (1 + self._random(1)[0] / 510))
            back_off = min(back_off * 2, self._timing.back_off_max_s)

    async def _connect(self) -> _Stream:
        """Open a connection.

        Raises:
            OSError: it cannot be reached, or TLS came to no agreement.
            NoAnswerError: its certificate was taken back.
        """
        trust = self._trust()
        transport, stream = await asyncio.get_running_loop().create_connection(
            lambda: _Stream(self.home, self._monotonic, self._ignored),
            self.home.host,
            self.home.auth_port,
            ssl=trust.client,
            server_hostname=self.home.server_name or self.home.host,
            ssl_handshake_timeout=max(5.0, self._timing.response_s),
            ssl_shutdown_timeout=1.0,
        )
        shown = transport.get_extra_info("ssl_object")
        if shown is None or stream.lost.done():
            raise NoAnswerError("it hung up")
        stream.certificate = x509.load_der_x509_certificate(shown.getpeercert(binary_form=True))
        if not trust.is_good(stream.certificate):
            transport.abort()
            raise NoAnswerError("its certificate was revoked")
        _log.info(LOG_CONNECTED, home=self.home.id)
        return stream

    async def _serve(self, stream: _Stream, *, spare: bool) -> bool:
        """Watch a connection until it is lost; false if it was a spare one that nobody used any more."""
        self._streams.append(stream)
        self._changed.set()
        try:
            while not stream.lost.done():
                await self._watch(stream)
                silent_s = self._silence(stream)
                if spare and silent_s > _SPARE_IDLE_S and not len(stream.table):
                    stream.close()
                    return False
                asked = stream.suspect.is_set() or silent_s >= self._timing.watchdog_s
                if asked and not stream.lost.done() and not await self._is_alive(stream):
                    stream.abort()
                    await asyncio.wait([stream.lost], timeout=1.0)
                    break
                stream.suspect.clear()
                stream.checked_at = self._monotonic()
            return True
        finally:
            self._streams.remove(stream)
            stream.abort()

    def _silence(self, stream: _Stream) -> float:
        return self._monotonic() - max(stream.heard_at, stream.checked_at)

    async def _watch(self, stream: _Stream) -> None:
        """Wait until the connection is lost, suspected or has been silent for long."""
        suspected = asyncio.ensure_future(stream.suspect.wait())
        try:
            left = self._timing.watchdog_s - self._silence(stream)
            either: set[asyncio.Future[Any]] = {stream.lost, suspected}
            await asyncio.wait(either, timeout=max(0.05, left), return_when=asyncio.FIRST_COMPLETED)
        finally:
            suspected.cancel()

    async def _is_alive(self, stream: _Stream) -> bool:
        """Ask with Status-Server; who does not know it is alive until it leaves requests unanswered."""
        if not self.home.status_server:
            return not stream.suspect.is_set()
        if stream.table.full:
            return False
        waiting = stream.table.add(Code.STATUS_SERVER, (), self._random(_AUTHENTICATOR_LENGTH))
        stream.send(waiting)
        try:
            await asyncio.wait([waiting.reply], timeout=self._timing.response_s)
            return waiting.reply.done() and waiting.reply.exception() is None
        finally:
            stream.table.remove(waiting)
