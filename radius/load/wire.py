"""Many datagrams in one system call: Linux's sendmmsg and recvmmsg over buffers laid out beforehand.

Where they are not to be had (another system, not a 64-bit little-endian machine) one call a datagram does the
same. Knows no RADIUS.
"""

import ctypes
import errno
import os
import platform
import socket
import sys
from array import array
from collections.abc import Sequence
from typing import Any, Final, Protocol

STRIDE: Final = 4_096
"""Octets of a received datagram at most: the longest RADIUS packet (RFC 2865 §3)."""
BATCH: Final = 64
_WORDS: Final = 8
"""`struct mmsghdr` in 64-bit words: name, its length, iovec, how many, control, its length, flags, octets."""
_IOVEC_AT, _COUNT_AT, _OCTETS_AT = 2, 3, 7
_QUIET: Final = frozenset({errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED})
_DONTWAIT: Final = int(socket.MSG_DONTWAIT)


class Outgoing(Protocol):
    """Datagrams laid out for sending."""

    def send(self, sock: socket.socket, first: int, count: int) -> None:
        """Send `count` datagrams beginning with number `first` to the peer the socket is connected to.

        What the peer's closed port throws back is no error: the datagrams are lost, as on any network.
        """


class Incoming(Protocol):
    """Room for received datagrams.

    Attributes:
        octets: datagram k begins at k times `STRIDE`.
    """

    octets: bytearray

    def receive(self, sock: socket.socket) -> int:
        """Take what has arrived, at most `BATCH` datagrams; return how many. Does not wait."""

    def length(self, number: int) -> int:
        """Return the octets of a received datagram."""


def has_batches() -> bool:
    """Tell whether this system has the calls in the shape that is known here."""
    return (
        sys.platform == "linux"
        and sys.byteorder == "little"
        and ctypes.sizeof(ctypes.c_void_p) == ctypes.sizeof(ctypes.c_size_t) == 8  # noqa: PLR2004
        and platform.libc_ver()[0] == "glibc"
    )


def lay_out(datagrams: Sequence[bytes], *, batches: bool) -> Outgoing:
    """Return datagrams ready to send."""
    return _BatchOutgoing(datagrams) if batches else _PlainOutgoing(datagrams)


def make_room(*, batches: bool) -> Incoming:
    """Return room for datagrams."""
    return _BatchIncoming() if batches else _PlainIncoming()


def _address(buffer: Any) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    libc.recvmmsg.argtypes = (*libc.sendmmsg.argtypes, ctypes.c_void_p)
    return libc


class _BatchOutgoing:
    def __init__(self, datagrams: Sequence[bytes]) -> None:
        self._octets = bytearray(b"".join(datagrams) or b"\0")
        self._vectors = array("Q", bytes(16 * max(1, len(datagrams))))
        self._headers = array("Q", bytes(8 * _WORDS * max(1, len(datagrams))))
        at, vectors = _address(self._octets), _address(self._vectors)
        for number, datagram in enumerate(datagrams):
            self._vectors[2 * number] = at
            self._vectors[2 * number + 1] = len(datagram)
            self._headers[_WORDS * number + _IOVEC_AT] = vectors + 16 * number
            self._headers[_WORDS * number + _COUNT_AT] = 1
            at += len(datagram)
        self._start = _address(self._headers)
        self._call = _libc().sendmmsg

    def send(self, sock: socket.socket, first: int, count: int) -> None:
        fd, end = sock.fileno(), first + count
        while first < end:
            sent = self._call(fd, self._start + 8 * _WORDS * first, end - first, 0)
            if sent > 0:
                first += sent
            elif ctypes.get_errno() not in _QUIET:
                raise _error()


class _BatchIncoming:
    def __init__(self) -> None:
        self.octets = bytearray(STRIDE * BATCH)
        self._vectors = array("Q", bytes(16 * BATCH))
        self._headers = array("Q", bytes(8 * _WORDS * BATCH))
        at, vectors = _address(self.octets), _address(self._vectors)
        for number in range(BATCH):
            self._vectors[2 * number] = at + STRIDE * number
            self._vectors[2 * number + 1] = STRIDE
            self._headers[_WORDS * number + _IOVEC_AT] = vectors + 16 * number
            self._headers[_WORDS * number + _COUNT_AT] = 1
        self._start = _address(self._headers)
        self._call = _libc().recvmmsg

    def receive(self, sock: socket.socket) -> int:
        received: int = self._call(sock.fileno(), self._start, BATCH, _DONTWAIT, None)
        if received >= 0:
            return received
        if ctypes.get_errno() in _QUIET:
            return 0
        raise _error()

    def length(self, number: int) -> int:
        return self._headers[_WORDS * number + _OCTETS_AT] & 0xFFFFFFFF


class _PlainOutgoing:
    def __init__(self, datagrams: Sequence[bytes]) -> None:
        self._datagrams = datagrams

    def send(self, sock: socket.socket, first: int, count: int) -> None:
        for number in range(first, first + count):
            while True:
                try:
                    sock.send(self._datagrams[number])
                except ConnectionRefusedError:
                    continue
                break


class _PlainIncoming:
    def __init__(self) -> None:
        self.octets = bytearray(STRIDE * BATCH)
        self._view = memoryview(self.octets)
        self._lengths = [0] * BATCH

    def receive(self, sock: socket.socket) -> int:
        for number in range(BATCH):
            room = self._view[STRIDE * number : STRIDE * (number + 1)]
            try:
                self._lengths[number] = sock.recv_into(room, STRIDE, _DONTWAIT)
            except (BlockingIOError, ConnectionRefusedError):
                return number
        return BATCH

    def length(self, number: int) -> int:
        return self._lengths[number]


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
