"""The DHCP and DNS server of the LAN: dnsmasq, started, watched and stopped; and what it tells of leases.

A dnsmasq left by a killed gateway goes on serving clients meanwhile; the next start replaces it.
The lease file stays, so nobody's address changes.
"""

import asyncio
import os
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from captive_portal.gateway.dnsmasq import DnsmasqSettings, render_config, render_hook
from captive_portal.gateway.leases import (
    Lease,
    LeaseNote,
    MalformedLeaseError,
    parse_lease_file,
    parse_lease_note,
)
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.programs import command_in
from controller.core.errors import UnavailableError
from controller.core.log import get_logger

LOG_STARTED = "gateway.dnsmasq.started"
LOG_ENDED = "gateway.dnsmasq.ended"
LOG_REPLACED = "gateway.dnsmasq.replaced"

_START_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 3.0
_POLL_S = 0.01
_READ_BYTES = 65_536

_log = get_logger(__name__)


class DnsDhcp:
    """Dnsmasq in the gateway's network namespace.

    Args:
        settings: what its configuration depends on; its directory is made if missing.
        netns: the namespace; None: this one.
        metrics: counters.
        heard: called with each lease change, from the event loop.
    """

    def __init__(
        self,
        settings: DnsmasqSettings,
        *,
        netns: str | None,
        metrics: GatewayMetrics,
        heard: Callable[[LeaseNote], None],
    ) -> None:
        self._settings = settings
        self._netns = netns
        self._metrics = metrics
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None
        self._errors = Path(settings.directory) / "dnsmasq.err"
        self._pipe: int | None = None
        self._rest = b""

    def prepare(self) -> None:
        """Write configuration and hook, and open the pipe of lease changes."""
        directory = Path(self._settings.directory)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(self._settings.config).write_text(render_config(self._settings))
        hook = Path(self._settings.hook)
        hook.write_text(render_hook(self._settings))
        hook.chmod(stat.S_IRWXU)
        fifo = Path(self._settings.fifo)
        if not fifo.is_fifo():
            fifo.unlink(missing_ok=True)
            os.mkfifo(fifo, stat.S_IRUSR | stat.S_IWUSR)
        # Opened for writing too: the pipe outlives each hook, and reading never meets its end.
        self._pipe = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        asyncio.get_running_loop().add_reader(self._pipe, self._read)

    def leases(self) -> list[Lease]:
        """The leases of the lease file."""
        try:
            text = Path(self._settings.lease_file).read_text()
        except FileNotFoundError:
            return []
        leases, faults = parse_lease_file(text)
        self._metrics.lease_malformed.inc(faults)
        return leases

    async def start(self) -> None:
        """Replace what a killed gateway left, and start.

        Raises:
            UnavailableError: dnsmasq is missing, or ends at once; the message holds its last words.
        """
        await self._end_left_over()
        self._remove_pid_file()
        command = command_in(
            self._netns, "dnsmasq", "--keep-in-foreground", f"--conf-file={self._settings.config}"
        )
        # A file, not a pipe: its helper process may outlive it and hold a pipe open.
        with self._errors.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # Ctrl-C at a terminal is for the gateway, which then stops it
            )
        deadline = asyncio.get_running_loop().time() + _START_TIMEOUT_S
        while not self._has_started():
            if self._process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise UnavailableError(
                    f"dnsmasq does not start: {self._last_error()}",
                    hint="another DHCP or DNS server may hold the port on the LAN interface",
                )
            await asyncio.sleep(_POLL_S)
        self._metrics.dnsmasq_up.set(1)
        _log.info(LOG_STARTED, pid=self._process.pid)

    async def watch(self) -> None:
        """Wait for the end of the process, which is an error: the supervisor starts it again.

        Raises:
            UnavailableError: it ended.
        """
        if self._process is None:
            await self.start()
        process = self._process
        if process is None:
            return
        status = await process.wait()
        self._process = None
        self._metrics.dnsmasq_up.set(0)
        _log.error(LOG_ENDED, status=status)
        raise UnavailableError(f"dnsmasq ended with status {status}")

    async def stop(self) -> None:
        """End the process and close the pipe."""
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None
        process, self._process = self._process, None
        self._metrics.dnsmasq_up.set(0)
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        await self._end_left_over()  # one whose start was cancelled half-way
        self._remove_pid_file()

    def _last_error(self) -> str:
        """The last thing dnsmasq complained of."""
        lines = self._errors.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no message"

    async def _end_left_over(self) -> None:
        pid = self._left_over()
        if pid is None:
            return
        _log.info(LOG_REPLACED, pid=pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = asyncio.get_running_loop().time() + _STOP_TIMEOUT_S
        while _lives(pid):
            if asyncio.get_running_loop().time() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                return
            await asyncio.sleep(_POLL_S)

    def _left_over(self) -> int | None:
        """The process that the pid file names, if it is a dnsmasq of ours."""
        try:
            pid = int(Path(self._settings.pid_file).read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self._settings.config).encode() in command else None

    def _has_started(self) -> bool:
        """Whether dnsmasq has written its pid file, which it does once its sockets are there."""
        try:
            return Path(self._settings.pid_file).stat().st_size > 0
        except FileNotFoundError:
            return False

    def _remove_pid_file(self) -> None:
        Path(self._settings.pid_file).unlink(missing_ok=True)

    def _read(self) -> None:
        if self._pipe is None:
            return
        try:
            data = self._rest + os.read(self._pipe, _READ_BYTES)
        except BlockingIOError:
            return
        *lines, self._rest = data.split(b"\n")
        self._rest = self._rest[-_READ_BYTES:]
        for line in lines:
            try:
                note = parse_lease_note(line.decode("ascii", errors="replace"))
            except MalformedLeaseError:
                self._metrics.lease_malformed.inc()
                continue
            self._metrics.lease_events.labels(note.change.value).inc()
            self._heard(note)


def _lives(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"
