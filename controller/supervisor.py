"""Runs daemons as child processes: starts them, restarts the ones that die, ends them all.

A child never outlives this process: the kernel ends it when its parent dies. Output goes to
standard error or to one file a daemon.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from controller.core.errors import ConflictError, UnavailableError
from controller.core.log import get_logger

LOG_STARTED = "daemon.started"
LOG_DIED = "daemon.died"

_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 15.0
_HEALTHY_AFTER_S = 30.0
_STOP_GRACE_S = 8.0
_POLL_S = 0.05
_LAST_WORDS = 600
_PR_SET_PDEATHSIG = 1

_log = get_logger(__name__)


@dataclass(frozen=True)
class Daemon:
    """A daemon to run.

    Args:
        name: `controller`, `portal`, `gateway`, `radius` or `monitor`.
        health_url: answers 200 once it is ready.
    """

    name: str
    health_url: str

    @property
    def argv(self) -> Sequence[str]:
        """The command that serves it, with this interpreter."""
        # -P: a folder `controller` where the command happens to be given is not imported, let alone as root.
        return [sys.executable, "-P", "-m", "controller", "serve", self.name]


@dataclass
class _Child:
    daemon: Daemon
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    watcher: asyncio.Task[None] | None = None
    first_start: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """An async context manager; leaving it ends every daemon.

    Args:
        env: environment variables on top of this process's.
        log_dir: one `<name>.log` a daemon; None leaves their output on standard error.
    """

    def __init__(self, *, env: Mapping[str, str] | None = None, log_dir: Path | None = None) -> None:
        self._env = {**os.environ, **(env or {})}
        self._log_dir = log_dir
        self._children: dict[str, _Child] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, daemon: Daemon) -> None:
        """Start a daemon and keep it running.

        Raises:
            ConflictError: something listens at its health address already: another kolco, most likely, which
                would pass for the daemon while that cannot start.
        """
        await _ensure_free(daemon)
        child = self._children[daemon.name] = _Child(daemon)
        child.watcher = asyncio.create_task(self._keep(child), name=f"keep-{daemon.name}")
        await child.first_start.wait()

    async def wait_ready(self, name: str, *, timeout_s: float = 60.0) -> None:
        """Wait until a daemon answers.

        Raises:
            UnavailableError: it does not in time, or dies twice meanwhile; with its last words.
        """
        child = self._children[name]
        deadline = time.monotonic() + timeout_s
        restarts = child.restarts
        async with httpx.AsyncClient(trust_env=False, timeout=2) as web:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    if (await web.get(child.daemon.health_url)).status_code == httpx.codes.OK:
                        return
                if child.restarts > restarts + 1:
                    break
                await asyncio.sleep(_POLL_S)
        raise UnavailableError(
            f"the daemon {name} does not get ready: {self._last_words(name)}".rstrip(": "),
            hint=f"see {self._log_dir / name}.log" if self._log_dir else "see its messages above",
        )

    def pid(self, name: str) -> int | None:
        """Return a daemon's process id, None while it is down."""
        process = self._children[name].process
        return process.pid if process is not None and process.returncode is None else None

    def restarts(self) -> dict[str, int]:
        """Return how often each daemon had to be started again."""
        return {name: child.restarts for name, child in self._children.items()}

    async def stop(self) -> None:
        """End every daemon, the last started first: SIGTERM, and SIGKILL after 8 s."""
        for child in self._children.values():
            if child.watcher is not None:
                child.watcher.cancel()
        await asyncio.gather(
            *(child.watcher for child in self._children.values() if child.watcher), return_exceptions=True
        )
        for child in reversed(self._children.values()):
            _signal(child.process, signal.SIGTERM)
        await asyncio.gather(*(_ended(child.process) for child in self._children.values()))

    async def _keep(self, child: _Child) -> None:
        delay = _FIRST_DELAY_S
        while True:
            started = time.monotonic()
            process = await self._spawn(child.daemon)
            child.process = process
            child.first_start.set()
            _log.info(LOG_STARTED, daemon=child.daemon.name, pid=process.pid)
            status = await process.wait()
            lived_s = time.monotonic() - started
            child.restarts += 1
            _log.warning(LOG_DIED, daemon=child.daemon.name, status=status, lived_s=round(lived_s, 1))
            await asyncio.sleep(delay)
            delay = _FIRST_DELAY_S if lived_s > _HEALTHY_AFTER_S else min(delay * 2, _LONGEST_DELAY_S)

    async def _spawn(self, daemon: Daemon) -> asyncio.subprocess.Process:
        output = None
        if self._log_dir is not None:
            self._log_dir.mkdir(parents=True, exist_ok=True)
            output = (self._log_dir / f"{daemon.name}.log").open("ab")
        try:
            return await asyncio.create_subprocess_exec(
                *daemon.argv,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the supervisor, which ends them in order
                preexec_fn=_die_with_parent(os.getpid()),
            )
        finally:
            if output is not None:
                output.close()

    def _last_words(self, name: str) -> str:
        if self._log_dir is None:
            return ""
        path = self._log_dir / f"{name}.log"
        return path.read_text(errors="replace")[-_LAST_WORDS:].strip() if path.exists() else ""


async def _ensure_free(daemon: Daemon) -> None:
    url = httpx.URL(daemon.health_url)
    try:
        _, writer = await asyncio.open_connection(url.host, url.port or 80)
    except OSError:
        return
    writer.close()
    raise ConflictError(
        f"something listens at {url.host}:{url.port} already, where {daemon.name} is to answer",
        hint="is kolco running here? Else end what holds the port (`ss -ltnp`), or set another",
    )


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Return what a child runs before its program: the kernel shall kill it when the parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died meanwhile
            os._exit(1)

    return prepare


def _signal(process: asyncio.subprocess.Process | None, number: int) -> None:
    if process is not None and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)


async def _ended(process: asyncio.subprocess.Process | None) -> None:
    if process is None:
        return
    try:
        async with asyncio.timeout(_STOP_GRACE_S):
            await process.wait()
    except TimeoutError:
        _signal(process, signal.SIGKILL)
        await process.wait()
