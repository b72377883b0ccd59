"""The SMPP sender: keeps one bound link to the SMS centre and hands messages over it.

It binds as transmitter, probes the link, binds anew with back-off when it breaks, keeps a window and
slows down when the centre says so. It does not receive messages or delivery receipts.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from captive_portal.portal.sms.encoding import Encoded, encode_text
from captive_portal.portal.sms.sender import Message, SendError
from captive_portal.portal.sms.smpp_protocol import (
    STATUS_OK,
    THROTTLED,
    Command,
    Pdu,
    PduReader,
    SmppProtocolError,
    answer,
    bind_transmitter,
    submit_sm,
)
from controller.core.log import get_logger

LOG_BOUND: Final = "smpp.bound"
LOG_LINK_LOST: Final = "smpp.link_lost"
_FIRST_DELAY_S: Final = 0.2
_LONGEST_DELAY_S: Final = 30.0
_FIRST_PAUSE_S: Final = 0.25
_READ_BYTES: Final = 65536
_MAX_SEQUENCE: Final = 0x7FFFFFFF

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SmppAccount:
    """Where the SMS centre is and who we are there."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    """Sender shown with the message: letters, or digits."""
    tls: ssl.SSLContext | None = None
    window: int = 20
    enquire_link_s: float = 30.0
    timeout_s: float = 10.0


class _LinkLostError(Exception):
    """The link broke or was refused; `reason` is fit for a log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Link:
    """One TCP connection: matches answers to requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}

    def next_sequence(self) -> int:
        self._sequence = self._sequence % _MAX_SEQUENCE + 1
        return self._sequence

    async def request(self, pdu: Pdu) -> Pdu:
        """Send a request, return its answer; TimeoutError if none comes in time."""
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[pdu.sequence] = future
        try:
            self._writer.write(pdu.encode())
            await self._writer.drain()
            return await asyncio.wait_for(future, self._timeout_s)
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise _LinkLostError("broken") from error
        finally:
            self._waiting.pop(pdu.sequence, None)

    async def read(self) -> None:
        """Read until the link ends; always raises."""
        pdus = PduReader()
        try:
            while data := await self._reader.read(_READ_BYTES):
                for pdu in pdus.feed(data):
                    self._receive(pdu)
        except (OSError, SmppProtocolError) as error:
            raise _LinkLostError("broken") from error
        raise _LinkLostError("closed by peer")

    def _receive(self, pdu: Pdu) -> None:
        if (reply := answer(pdu)) is not None:
            self._writer.write(reply.encode())
            if pdu.command == Command.UNBIND:
                raise _LinkLostError("unbound by peer")
            return
        future = self._waiting.get(pdu.sequence)
        if future is not None and not future.done():
            future.set_result(pdu)

    def close(self, reason: str) -> None:
        """Close the socket and fail whoever still waits."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_LinkLostError(reason))
        self._writer.close()


@dataclass(slots=True)
class _Attempt:
    """One part on its way, and what will be to blame if time runs out now."""

    to: str
    encoded: Encoded
    octets: bytes
    fault: str = "unavailable"

    def pdu(self, sequence: int, source: str) -> Pdu:
        return submit_sm(
            sequence,
            source=source,
            destination=self.to,
            data_coding=self.encoded.data_coding,
            octets=self.octets,
            has_header=self.encoded.has_header,
        )


class SmppSender:
    """Sends through an SMS centre. `run` must be under way for `send` to get through."""

    def __init__(self, account: SmppAccount) -> None:
        """Raises ValueError if the account's names do not fit into the protocol."""
        bind_transmitter(1, system_id=account.system_id, password=account.password)
        self._account = account
        self._link: _Link | None = None
        self._bound = asyncio.Event()
        self._window = asyncio.Semaphore(account.window)
        self._reference = 0
        self._binds = 0

    @property
    def is_bound(self) -> bool:
        """Whether messages can go out now."""
        return self._bound.is_set()

    async def run(self) -> None:
        """Keep the link bound, until cancelled."""
        delay = _FIRST_DELAY_S
        while True:
            binds = self._binds
            try:
                await self._hold_link()
            except _LinkLostError as error:
                # A link that had been bound is tried again at once: centres restart and time out.
                delay = _FIRST_DELAY_S if self._binds > binds else min(delay * 2, _LONGEST_DELAY_S)
                _log.warning(LOG_LINK_LOST, reason=error.reason, retry_s=delay)
            await asyncio.sleep(delay)

    async def send(self, message: Message) -> None:
        """Hand over a message in as many parts as it takes.

        Raises:
            SendError: "unavailable" (no link), "throttled", "rejected" or "timeout".
        """
        account = self._account
        self._reference = (self._reference + 1) & 0xFF
        encoded = encode_text(message.text, reference=self._reference)
        async with self._window:
            for octets in encoded.parts:
                attempt = _Attempt(message.to, encoded, octets)
                try:
                    async with asyncio.timeout(account.timeout_s):
                        await self._submit(attempt)
                except TimeoutError as error:
                    raise SendError(attempt.fault) from error

    async def _submit(self, attempt: _Attempt) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            await self._bound.wait()
            if (link := self._link) is None:
                raise SendError("unavailable")
            attempt.fault = "timeout"
            try:
                response = await link.request(attempt.pdu(link.next_sequence(), self._account.source))
            except _LinkLostError:
                # Sent or not is unknown. The same code twice does no harm, none at all does.
                attempt.fault = "unavailable"
                await asyncio.sleep(0)
                continue
            if response.status == STATUS_OK and response.command != Command.GENERIC_NACK:
                return
            if response.status not in THROTTLED:
                raise SendError("rejected")
            attempt.fault = "throttled"
            await asyncio.sleep(pause)
            pause *= 2

    async def _hold_link(self) -> None:
        account = self._account
        try:
            async with asyncio.timeout(account.timeout_s):
                reader, writer = await asyncio.open_connection(account.host, account.port, ssl=account.tls)
        except OSError as error:  # TimeoutError is one
            raise _LinkLostError("unreachable") from error
        link = _Link(reader, writer, account.timeout_s)
        reading = asyncio.ensure_future(link.read())
        reason = "stopped"
        try:
            await _unless_lost(reading, self._bind(link))
            self._link = link
            self._binds += 1
            self._bound.set()
            _log.info(LOG_BOUND)
            await _unless_lost(reading, self._probe(link))
        except _LinkLostError as error:
            reason = error.reason
            raise
        finally:
            if reason == "stopped" and self._bound.is_set():
                writer.write(Pdu(Command.UNBIND, STATUS_OK, link.next_sequence()).encode())
            self._link = None
            self._bound.clear()
            link.close(reason)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            with suppress(OSError):
                await writer.wait_closed()

    async def _bind(self, link: _Link) -> None:
        account = self._account
        pdu = bind_transmitter(link.next_sequence(), system_id=account.system_id, password=account.password)
        response = await _answer_in_time(link.request(pdu))
        if response.status != STATUS_OK:
            raise _LinkLostError(f"bind refused with status 0x{response.status:08x}")

    async def _probe(self, link: _Link) -> None:
        while True:
            await asyncio.sleep(self._account.enquire_link_s)
            await _answer_in_time(link.request(Pdu(Command.ENQUIRE_LINK, STATUS_OK, link.next_sequence())))


async def _answer_in_time(request: Awaitable[Pdu]) -> Pdu:
    try:
        return await request
    except TimeoutError as error:
        raise _LinkLostError("no answer") from error


async def _unless_lost(reading: asyncio.Future[None], work: Awaitable[None]) -> None:
    """Await the work, but end at once with the reader's error if the link breaks first."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait((reading, task), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
