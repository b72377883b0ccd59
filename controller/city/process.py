"""Other programs, run from asyncio: one that ends, and one that stays until it is stopped.

A child never outlives this process: ``setpriv --pdeathsig`` has the kernel kill it when its parent
dies, even by SIGKILL. It supervises nothing: :mod:`controller.supervisor` restarts daemons.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from controller.core.errors import UnavailableError

STOP_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    argv: tuple[str, ...]
    code: int
    """Its exit code; negative when a signal ended it."""
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Its standard output as text."""
        return self.stdout.decode(errors="replace")

    def checked(self) -> Self:
        """Itself; raises :class:`UnavailableError` when the program failed."""
        if self.code != 0:
            told = (self.stderr or self.stdout).decode(errors="replace").strip()[-600:]
            message = f"{program(self.argv)} failed with {self.code}: {told}"
            raise UnavailableError(message, argv=list(self.argv), code=self.code)
        return self


def program(argv: Sequence[str]) -> str:
    """The name of the program that ``argv`` runs, in a namespace or not."""
    return argv[4] if list(argv[:3]) == ["ip", "netns", "exec"] else argv[0]


def in_namespace(namespace: str, argv: Sequence[str]) -> list[str]:
    """``argv`` run inside a network namespace; `ip netns exec` keeps the process id."""
    return ["ip", "netns", "exec", namespace, *argv]


async def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout_s: float = 30.0,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end; raises :class:`UnavailableError` when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=None if env is None else {**os.environ, **env},
    )
    try:
        async with asyncio.timeout(timeout_s):
            stdout, stderr = await process.communicate(stdin)
    except TimeoutError as error:
        message = f"{program(argv)} did not end within {timeout_s:g} s"
        raise UnavailableError(message, argv=list(argv)) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Finished(tuple(argv), process.returncode or 0, stdout, stderr)


class Child:
    """A program that runs until it is stopped; its output goes to a file."""

    def __init__(self, process: asyncio.subprocess.Process, name: str, log: Path) -> None:
        """Wrap a started process; use :meth:`start`."""
        self.process = process
        self.name = name
        self.log = log

    @classmethod
    async def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        piped: bool = False,
    ) -> Self:
        """Start ``argv``; with ``piped`` its standard input and output are pipes, else only ``log`` grows."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "--",
                *argv,
                stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if piped else output,
                stderr=output,
                env=None if env is None else {**os.environ, **env},
                start_new_session=True,
                limit=1 << 22,
            )
        return cls(process, name, log)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.returncode is None

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for an error message."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    async def stop(self, *, grace_s: float = STOP_GRACE_S) -> None:
        """End it: politely, then at once. Does nothing when it has ended."""
        if self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(grace_s):
                await self.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
