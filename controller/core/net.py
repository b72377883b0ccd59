"""Sockets that can be made inside a network namespace and used from outside it.

A socket belongs to the namespace its thread was in when it was made. So a daemon keeps its database
and bus connections in its own namespace and puts only its public sockets into another.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from pyroute2 import netns as _netns

from controller.core.errors import ConflictError, InvalidInputError

_BACKLOG = 4096


@contextlib.contextmanager
def entered(netns: str | None) -> Iterator[None]:
    """Put this thread into the network namespace for the length of the block; `None` changes nothing.

    Do not await inside the block.

    Raises:
        InvalidInputError: there is no such namespace, or the process may not enter it.
    """
    if netns is None:
        yield
        return
    outside = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net").open("rb")  # noqa: SIM115
    try:
        _netns.setns(netns, flags=0)  # by default pyroute2 would make a namespace that is not there
    except OSError as error:
        outside.close()
        raise InvalidInputError(
            f"cannot enter the network namespace {netns!r}: {error.strerror}",
            hint="`ip netns list` shows what there is; entering needs root",
        ) from error
    try:
        yield
    finally:
        _netns.setns(outside.fileno())
        outside.close()


def listen_tcp(host: str, port: int, *, netns: str | None = None, reuse_port: bool = False) -> socket.socket:
    """Return a listening, non-blocking TCP socket; port 0 takes a free one.

    With `reuse_port` several workers share the port: each connection goes to one of them.

    Raises:
        ConflictError: the port is taken or the address is not there.
        InvalidInputError: the host is neither an address nor a name that resolves.
    """
    return _bound(socket.SOCK_STREAM, host, port, netns, reuse_port=reuse_port)


def bind_udp(host: str, port: int, *, netns: str | None = None, reuse_port: bool = False) -> socket.socket:
    """Return a bound, non-blocking UDP socket; with `reuse_port` several workers share the port.

    Raises:
        ConflictError: the port is taken or the address is not there.
    """
    return _bound(socket.SOCK_DGRAM, host, port, netns, reuse_port=reuse_port)


def _bound(
    kind: socket.SocketKind, host: str, port: int, netns: str | None, *, reuse_port: bool
) -> socket.socket:
    with entered(netns):
        try:
            family = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0][0]
        except (socket.gaierror, UnicodeError) as error:
            raise InvalidInputError(
                f"cannot listen on {host!r}: it is no address of this machine ({error})",
                hint="set an IP address: 127.0.0.1, 0.0.0.0, ::",
            ) from error
        sock = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        if kind is socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise ConflictError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            hint="choose another port or address in the settings, or end what holds it (`ss -ltnup`)",
        ) from error
    return sock
