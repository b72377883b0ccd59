"""Datagrams in and out of a UDP socket, many with one system call where there are recvmmsg and sendmmsg.

Being called and calling the kernel for each datagram costs more than checking a packet does, and answers
sent one by one wake who waits for them once each. The kernel also says how long datagrams had to wait for
us, which tells an overload from a calm day. Where the C library cannot, `PlainDatagrams` does the same
one by one. Knows nothing of RADIUS but the size of its packets; never waits.
"""

import ctypes
import mmap
import socket
import time
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Final

Address = tuple[str, int]
"""(IP address, UDP port)"""
Datagram = tuple[bytes, Address]
"""Octets, and where they come from or go to."""

BATCH: Final = 256
"""Datagrams received at once at most."""
TOGETHER: Final = 32
"""Datagrams sent at once at most."""
_SLOT: Final = 4096
"""Octets kept of a datagram: a RADIUS packet is never longer (RFC 2865 §3)."""
_NAME_SLOT: Final = 32
_ADDRESSES_MAX: Final = 65_536
_SO_TIMESTAMPNS: Final = 35
"""Linux `asm-generic/socket.h`: have the kernel say when a datagram arrived."""
_CONTROL: Final = Struct("@LiiqQ")
"""cmsghdr (length, level, type) and timespec."""
_SCOPE: Final = Struct("=I")
_MMSGHDR_LENGTH: Final = 64
_NANOSECONDS: Final = 1_000_000_000


def open_datagrams(sock: socket.socket) -> "PlainDatagrams":
    """Return the quickest way to the datagrams of a bound, non-blocking socket."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "recvmmsg") and hasattr(libc, "sendmmsg") and ctypes.sizeof(_MMsgHdr) == _MMSGHDR_LENGTH:
        return BatchedDatagrams(sock, libc)
    return PlainDatagrams(sock)


class PlainDatagrams:
    """One system call a datagram: works everywhere.

    Args:
        sock: a bound, non-blocking UDP socket.

    Attributes:
        waited_s: how long the first of the last batch had waited in the kernel, as far as it tells.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.waited_s = 0.0

    def receive(self) -> Sequence[Datagram]:
        """Return what has come in, `BATCH` at most; `BATCH` of them mean that there may be more."""
        received: list[Datagram] = []
        while len(received) < BATCH:
            try:
                data, address = self._socket.recvfrom(_SLOT)
            except BlockingIOError:
                break
            received.append((data, (address[0], address[1])))
        return received

    def send(self, data: bytes, to: Address) -> bool:
        """Send a datagram; False if the kernel does not take it: whoever asks again gets it again."""
        try:
            self._socket.sendto(data, to)
        except OSError:
            return False
        return True

    def send_all(self, datagrams: Sequence[Datagram]) -> Sequence[int]:
        """Send datagrams, `TOGETHER` at most; return the positions of those the kernel did not take."""
        return [at for at, (data, to) in enumerate(datagrams) if not self.send(data, to)]


class _IoVec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


class _MMsgHdr(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("padding", ctypes.c_int),
        ("len", ctypes.c_uint),
    )


class BatchedDatagrams(PlainDatagrams):
    """Many datagrams a system call; the buffers are made once.

    Args:
        sock: a bound, non-blocking UDP socket.
        libc: the C library, loaded with `use_errno`.
    """

    def __init__(self, sock: socket.socket, libc: ctypes.CDLL) -> None:
        super().__init__(sock)
        self._fd = sock.fileno()
        self._v6 = sock.family == socket.AF_INET6
        self._name_length = 28 if self._v6 else 8  # a sockaddr_in ends in eight octets of nothing
        self._data = mmap.mmap(-1, BATCH * _SLOT)  # its slices are bytes: nothing is copied twice
        self._names = mmap.mmap(-1, BATCH * _NAME_SLOT)
        self._control = ctypes.create_string_buffer(_CONTROL.size)
        self._iovecs = (_IoVec * BATCH)()
        self._headers = (_MMsgHdr * BATCH)()
        self._fill_headers()
        self._lengths = memoryview(self._headers).cast("B").cast("I")[_MMsgHdr.len.offset // 4 :: 16]
        self._recvmmsg = libc.recvmmsg
        self._recvmmsg.argtypes = (
            ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
        )  # fmt: skip
        self._arguments = (self._fd, ctypes.addressof(self._headers), BATCH, socket.MSG_DONTWAIT, None)
        self._addresses: dict[bytes, Address] = {}
        self._names_of: dict[Address, bytes] = {}
        self._out = _Outgoing(libc, self._fd, 28 if self._v6 else 16)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def receive(self) -> Sequence[Datagram]:
        """See `PlainDatagrams`."""
        self._headers[0].controllen = _CONTROL.size
        count = self._recvmmsg(*self._arguments)
        if count <= 0:
            return ()
        self.waited_s = self._read_wait()
        data, names, addresses, name_length = self._data, self._names, self._addresses, self._name_length
        received: list[Datagram] = []
        at = name_at = 0
        for length in self._lengths[:count].tolist():
            name = names[name_at : name_at + name_length]
            received.append((data[at : at + length], addresses.get(name) or self._learn(name)))
            at += _SLOT
            name_at += _NAME_SLOT
        return received

    def send_all(self, datagrams: Sequence[Datagram]) -> Sequence[int]:
        """See `PlainDatagrams`."""
        if not self._out.fill(datagrams, self._names_of):
            return super().send_all(datagrams)
        unsent, begin, count = [], 0, len(datagrams)
        while begin < count:
            sent = self._out.send(begin, count - begin)
            if sent <= 0:  # the first of them is not taken; the others may be
                unsent.append(begin)
                sent = 1
            begin += sent
        return unsent

    def _fill_headers(self) -> None:
        data = ctypes.addressof(ctypes.c_char.from_buffer(self._data))
        names = ctypes.addressof(ctypes.c_char.from_buffer(self._names))
        iovecs = ctypes.addressof(self._iovecs)
        for index in range(BATCH):
            self._iovecs[index].base = data + index * _SLOT
            self._iovecs[index].len = _SLOT
            header = self._headers[index]
            header.name, header.namelen = names + index * _NAME_SLOT, _NAME_SLOT
            header.iov, header.iovlen = iovecs + index * ctypes.sizeof(_IoVec), 1
        self._headers[0].control = ctypes.addressof(self._control)  # the first is the oldest

    def _read_wait(self) -> float:
        if self._headers[0].controllen < _CONTROL.size:
            return 0.0
        _, level, kind, seconds, nanoseconds = _CONTROL.unpack_from(self._control)
        if level != socket.SOL_SOCKET or kind != _SO_TIMESTAMPNS:
            return 0.0
        arrived_ns: int = seconds * _NANOSECONDS + nanoseconds
        return max(0.0, (time.time_ns() - arrived_ns) / _NANOSECONDS)

    def _learn(self, name: bytes) -> Address:
        """Parse a sockaddr (ip(7), ipv6(7)); kept, because the same NASes ask again and again."""
        if len(self._addresses) >= _ADDRESSES_MAX:  # forged sources: begin anew
            self._addresses.clear()
            self._names_of.clear()
        port = int.from_bytes(name[2:4], "big")
        if self._v6:
            ip = socket.inet_ntop(socket.AF_INET6, name[8:24])
            scope: int = _SCOPE.unpack_from(name, 24)[0]
            address = (f"{ip}%{scope}" if scope else ip, port)
        else:
            address = (socket.inet_ntop(socket.AF_INET, name[4:8]), port)
        self._addresses[name] = address
        self._names_of[address] = name if self._v6 else name.ljust(16, b"\x00")
        return address


class _Outgoing:
    """Buffers of datagrams that go out together.

    Args:
        libc: the C library.
        fd: the socket.
        name_length: octets of its addresses.
    """

    def __init__(self, libc: ctypes.CDLL, fd: int, name_length: int) -> None:
        self._fd = fd
        self._data = mmap.mmap(-1, TOGETHER * _SLOT)
        self._names = mmap.mmap(-1, TOGETHER * _NAME_SLOT)
        self._iovecs = (_IoVec * TOGETHER)()
        self._headers = (_MMsgHdr * TOGETHER)()
        data = ctypes.addressof(ctypes.c_char.from_buffer(self._data))
        names = ctypes.addressof(ctypes.c_char.from_buffer(self._names))
        for index in range(TOGETHER):
            self._iovecs[index].base = data + index * _SLOT
            header = self._headers[index]
            header.name, header.namelen = names + index * _NAME_SLOT, name_length
            header.iov = ctypes.addressof(self._iovecs) + index * ctypes.sizeof(_IoVec)
            header.iovlen = 1
        self._lengths = memoryview(self._iovecs).cast("B").cast("Q")
        self._first = ctypes.addressof(self._headers)
        self._sendmmsg = libc.sendmmsg
        self._sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)

    def fill(self, datagrams: Sequence[Datagram], names_of: Mapping[Address, bytes]) -> bool:
        """Put datagrams and their sockaddrs in; False if one is too long or its sockaddr is not known."""
        buffer, names, lengths = self._data, self._names, self._lengths
        at = name_at = 0
        length_at = 1
        for data, to in datagrams:
            name, length = names_of.get(to), len(data)
            if name is None or length > _SLOT:
                return False
            buffer[at : at + length] = data
            names[name_at : name_at + len(name)] = name
            lengths[length_at] = length
            at += _SLOT
            name_at += _NAME_SLOT
            length_at += 2
        return True

    def send(self, begin: int, count: int) -> int:
        """Send so many from a position on; return how many the kernel took, -1 if it refused the first."""
        sent: int = self._sendmmsg(
            self._fd, self._first + begin * _MMSGHDR_LENGTH, count, socket.MSG_DONTWAIT
        )
        return sent
