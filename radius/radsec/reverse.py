"""Disconnect- and CoA-Requests to a NAS over the RadSec connection that it opened itself.

A NAS behind address translation cannot be reached any other way (draft-ietf-radext-reverse-coa). Whoever
ends sessions lives in the daemon, the connections in whatever process answers: each of these has a desk, a
Unix socket in the data directory, at which it is asked for a NAS by its stand-in address. What is not
asked over TLS is none of its business: there is one question a connection, of few octets.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

import msgspec

from radius.protocol.attributes import Code
from radius.protocol.errors import PeerError
from radius.protocol.packet import Attribute, Packet, parse_packet

DIRECTORY: Final = "radius/reverse"
PATIENCE_S: Final = 5.0
_LARGEST: Final = 65_536
_PREFIX: Final = int(IPv6Address("100::")) >> 64


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What a desk is asked: a request for the NAS behind an address."""

    address: str
    code: int
    attributes: list[tuple[int, bytes]]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Question).decode

AskSession = Callable[[str, Code, Sequence[Attribute]], Awaitable[bytes]]
"""Asks the NAS of a stand-in address; the octets of its genuine answer, empty if there is none."""


def is_stand_in(address: str) -> bool:
    """Tell whether an address stands for a NAS that comes by RadSec (`certificates.stand_in_address`)."""
    try:
        return int(IPv6Address(address)) >> 64 == _PREFIX
    except ValueError:
        return False


@asynccontextmanager
async def open_desk(data_dir: Path, ask: AskSession) -> AsyncIterator[None]:
    """Answer questions at a desk of this process's own until the block ends."""
    directory = data_dir / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{os.getpid()}.sock"
    (directory / name).unlink(missing_ok=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, msgspec.DecodeError, ValueError):
            question = _decode(await reader.read(_LARGEST))
            writer.write(await ask(question.address, Code(question.code), question.attributes))
            await writer.drain()
        writer.close()

    with _short(directory) as path:
        server = await asyncio.start_unix_server(serve, path=f"{path}/{name}")
    try:
        yield
    finally:
        server.close()
        (directory / name).unlink(missing_ok=True)


async def ask_desks(
    data_dir: Path, address: str, code: Code, attributes: Sequence[Attribute]
) -> Packet | None:
    """Return the answer of the NAS behind a stand-in address, or None if no process has its connection."""
    directory = data_dir / DIRECTORY
    octets = _encode(Question(address, code, list(attributes)))
    desks = sorted(directory.glob("*.sock")) if directory.is_dir() else []
    answers = await asyncio.gather(*(_ask_desk(desk, octets) for desk in desks))
    for answer in answers:
        with suppress(PeerError):
            return parse_packet(answer)
    return None


async def _ask_desk(desk: Path, octets: bytes) -> bytes:
    with _short(desk.parent) as path:
        try:
            reader, writer = await asyncio.open_unix_connection(f"{path}/{desk.name}")
        except ConnectionRefusedError:  # its process was killed
            _forget(desk)
            return b""
        except OSError:
            return b""
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            writer.write(octets)
            return await reader.read(_LARGEST)
    except (OSError, TimeoutError):
        return b""
    finally:
        writer.close()


def _forget(desk: Path) -> None:
    desk.unlink(missing_ok=True)


class _short:  # noqa: N801 - used as a function
    """A path to a directory that is short enough for the name of a Unix socket (108 octets)."""

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._descriptor}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
