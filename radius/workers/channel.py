"""A stream socket between a worker and its parent: whole messages, each behind its length."""

import asyncio
import socket
from typing import Final, Generic, TypeVar

import msgspec

from radius.workers.messages import MAX_FRAME

_LENGTH: Final = 4
_LIMIT: Final = 1024 * 1024

M = TypeVar("M")


class Channel(Generic[M]):
    """One end of the control channel.

    Args:
        reader: the stream from the other side.
        writer: the stream to it.
        kind: the type of the messages that come.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: object) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder: msgspec.msgpack.Decoder[M] = msgspec.msgpack.Decoder(kind)
        self._encoder = msgspec.msgpack.Encoder()

    @property
    def waiting(self) -> int:
        """Octets that the other side has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    def send(self, message: msgspec.Struct) -> None:
        """Send a message without waiting; nothing happens if the other side has gone."""
        if not self._writer.is_closing():
            data = self._encoder.encode(message)
            self._writer.write(len(data).to_bytes(_LENGTH, "big") + data)

    async def receive(self) -> M | None:
        """Return the next message; None if the other side has gone, or sends what is no message."""
        try:
            size = int.from_bytes(await self._reader.readexactly(_LENGTH), "big")
            if size > MAX_FRAME:
                return None
            return self._decoder.decode(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            return None

    async def close(self) -> None:
        """Send what is left and close."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


async def open_channel(sock: socket.socket, kind: object) -> "Channel[M]":
    """Return the end of a channel on a connected stream socket, which it closes; `kind` is what comes."""
    reader, writer = await asyncio.open_unix_connection(sock=sock, limit=_LIMIT)
    return Channel(reader, writer, kind)
