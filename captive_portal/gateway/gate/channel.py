"""A netlink socket inside a network namespace: send, wait for the acknowledgement, dump.

It carries bytes that `elements`, `conntrack` and `neighbours` make and read. Calls block, but the
kernel answers within microseconds; the caller moves long dumps to a thread. One caller at a time.
"""

import errno
import os
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from captive_portal.gateway.gate.netlink import (
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    Message,
    parse_messages,
)
from controller.core.errors import UnavailableError
from controller.core.net import entered

NETLINK_ROUTE = 0
NETLINK_NETFILTER = 12

_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 16 * 1024 * 1024
_READ_BYTES = 256 * 1024
_TIMEOUT_S = 10.0
_DUMP_TRIES = 5


class NetlinkError(UnavailableError):
    """The kernel refused. `number` is the errno of the first message it refused."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"the kernel refused {what}: {os.strerror(number)}", hint=_hint(number))
        self.number = number


def _hint(number: int) -> str:
    if number in {errno.EPERM, errno.EACCES}:
        return "the gateway needs root (CAP_NET_ADMIN)"
    if number in {errno.EOPNOTSUPP, errno.ENOENT}:
        return "the kernel lacks an nf_tables part, or the ruleset was changed by somebody else"
    return ""


class NetlinkChannel:
    """One socket of a netlink family, made in `netns` (None: here). A context manager."""

    def __init__(self, protocol: int, *, netns: str | None = None, groups: int = 0) -> None:
        with entered(netns):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        try:
            self._socket.bind((0, groups))
            for option in (_SO_SNDBUFFORCE, _SO_RCVBUFFORCE):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        except OSError as error:
            self._socket.close()
            raise NetlinkError(error.errno or errno.EPERM, "a netlink socket") from error
        self._socket.settimeout(_TIMEOUT_S)
        self._sequence = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def fileno(self) -> int:
        """For an event loop that waits for notifications."""
        return self._socket.fileno()

    def sequence(self, count: int = 1) -> int:
        """The first of `count` fresh sequence numbers."""
        first = self._sequence
        self._sequence = (self._sequence + count) & 0x7FFFFFFF
        return first

    def request(self, data: bytes, first: int, last: int, what: str) -> list[Message]:
        """Send and wait until `last` is acknowledged; returns the other answers.

        Raises:
            NetlinkError: for the first message between `first` and `last` that was refused.
        """
        self._send(data, what)
        answers: list[Message] = []
        while True:
            for message in self._receive(what):
                if not first <= message.sequence <= last:
                    continue  # left over from a request that failed before
                if message.kind != NLMSG_ERROR:
                    answers.append(message)
                elif message.error:
                    raise NetlinkError(message.error, what)
                elif message.sequence == last:
                    return answers

    def dump(self, make: Callable[[int], bytes], what: str) -> list[Message]:
        """Send what `make(sequence)` returns and gather the dump; an interrupted dump is repeated.

        Raises:
            NetlinkError: the dump was refused, or interrupted five times in a row.
        """
        for _ in range(_DUMP_TRIES):
            sequence = self.sequence()
            self._send(make(sequence), what)
            answers, interrupted = self._gather(sequence, what)
            if not interrupted:
                return answers
        raise NetlinkError(errno.EINTR, what)

    def notifications(self) -> list[Message]:
        """What has arrived unasked, without waiting; empty if nothing.

        Raises:
            NetlinkError: ENOBUFS, notifications were lost.
        """
        self._socket.setblocking(False)
        try:
            return list(parse_messages(self._socket.recv(_READ_BYTES)))
        except BlockingIOError:
            return []
        except OSError as error:
            raise NetlinkError(error.errno or errno.EIO, "notifications") from error

    def _gather(self, sequence: int, what: str) -> tuple[list[Message], bool]:
        answers: list[Message] = []
        interrupted = False
        while True:
            for message in self._receive(what):
                if message.sequence != sequence:
                    continue
                interrupted = interrupted or bool(message.flags & NLM_F_DUMP_INTR)
                if message.kind == NLMSG_DONE:
                    return answers, interrupted
                if message.kind == NLMSG_ERROR:
                    raise NetlinkError(message.error or errno.EIO, what)
                answers.append(message)

    def _send(self, data: bytes, what: str) -> None:
        try:
            self._socket.send(data)
        except OSError as error:
            raise NetlinkError(error.errno or errno.EIO, what) from error

    def _receive(self, what: str) -> list[Message]:
        try:
            return list(parse_messages(self._socket.recv(_READ_BYTES)))
        except TimeoutError as error:
            raise NetlinkError(errno.ETIMEDOUT, what) from error
        except OSError as error:
            raise NetlinkError(error.errno or errno.EIO, what) from error
