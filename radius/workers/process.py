"""One worker process as its parent has it: started, spoken with, ended. Restarting is the pool's."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from radius.workers.channel import Channel, open_channel
from radius.workers.messages import Stop, Up, Welcome

_STOP_S: Final = 6.0
"""Answering what is under way takes two seconds at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker is started with.

    Attributes:
        welcome: what it is told first.
        inbox: its end of the socket for what other workers hand over.
        outboxes: ways to all workers, in their order.
    """

    welcome: Welcome
    inbox: socket.socket
    outboxes: Sequence[socket.socket]


class WorkerProcess:
    """A running worker process.

    Args:
        process: the process.
        channel: to it.
    """

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel[Up]) -> None:
        self._process = process
        self.channel = channel

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to answer what is under way and end."""
        self.channel.send(Stop())

    async def ended(self) -> int:
        """Wait until it has ended, and return how: its exit status, or less than 0 for a signal."""
        status = await self._process.wait()
        await self.channel.close()
        return status

    async def ensure_ended(self) -> None:
        """Wait until it has ended; kill it if that takes too long."""
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()


async def start_worker(plan: Plan) -> WorkerProcess:
    """Start a worker process and welcome it.

    Raises:
        OSError: the system cannot start one more.
    """
    ours, its = socket.socketpair()
    with its, contextlib.ExitStack() as undo:
        undo.enter_context(ours)
        descriptors = [sock.fileno() for sock in (its, plan.inbox, *plan.outboxes)]
        process = await asyncio.create_subprocess_exec(
            # -P: a folder `radius` where the command happens to be given is not imported.
            *(sys.executable, "-P", "-m", "radius.workers", str(os.getpid())),
            *map(str, descriptors),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=descriptors,
            start_new_session=True,  # Ctrl-C is for the parent, which ends them in order
        )
        undo.pop_all()
    channel: Channel[Up] = await open_channel(ours, Up)
    channel.send(plan.welcome)
    return WorkerProcess(process, channel)
