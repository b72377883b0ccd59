"""The limit of loopback: every datagram goes back as it came, in batches, one process a core at most.

    python -m tests.peers.echo --port 40000 --processes 2

Ends when its standard input does.
"""

import argparse
import ctypes
import os
import socket
import sys
import threading
from array import array

from radius.load.wire import BATCH, STRIDE

_WORDS = 8
_ADDRESS = 16


def echo(sock: socket.socket) -> None:
    """Send back what comes, for ever."""
    libc = ctypes.CDLL(None)
    libc.sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    libc.recvmmsg.argtypes = (*libc.sendmmsg.argtypes, ctypes.c_void_p)
    octets, names = bytearray(STRIDE * BATCH), bytearray(_ADDRESS * BATCH)
    vectors, headers = array("Q", bytes(16 * BATCH)), array("Q", bytes(8 * _WORDS * BATCH))
    at, named, pointed, start = (
        ctypes.addressof(ctypes.c_char.from_buffer(buffer)) for buffer in (octets, names, vectors, headers)
    )
    for number in range(BATCH):
        vectors[2 * number] = at + STRIDE * number
        vectors[2 * number + 1] = STRIDE
        headers[_WORDS * number] = named + _ADDRESS * number
        headers[_WORDS * number + 1] = _ADDRESS
        headers[_WORDS * number + 2] = pointed + 16 * number
        headers[_WORDS * number + 3] = 1
    fd, wait_for_one = sock.fileno(), 0x10000
    while True:
        count = libc.recvmmsg(fd, start, BATCH, wait_for_one, None)
        for number in range(count):
            vectors[2 * number + 1] = headers[_WORDS * number + 7]
        if count > 0:
            libc.sendmmsg(fd, start, count, 0)
        for number in range(count):
            vectors[2 * number + 1] = STRIDE


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    sockets = []
    for _ in range(given.processes):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_388_608)
        sock.bind(("127.0.0.1", given.port))
        sockets.append(sock)
    for sock in sockets[1:]:
        if os.fork() == 0:
            _ends_with_its_parent()
            echo(sock)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_input, daemon=True).start()
    echo(sockets[0])


def _ends_with_its_parent() -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(1, 15)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
