"""The city's network on one machine: namespaces and veths, laid and removed again.

As root only. Each city writes a small file under ``/run/kolco/cities`` before it makes anything,
so that the next one can sweep what a killed city left: its processes, its namespaces and its
temporary directory. It starts nothing inside the namespaces.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from controller.city import layout
from controller.city.layout import Layout
from controller.city.process import run
from controller.core.errors import UnavailableError
from controller.core.log import get_logger

LOG_LAID = "city.network.laid"
LOG_REMOVED = "city.network.removed"
LOG_SWEPT = "city.network.swept"

STATE_DIRECTORY = Path("/run/kolco/cities")
NETNS_DIRECTORY = Path("/run/netns")
NETNS_CONFIG = Path("/etc/netns")
"""``ip netns exec`` binds the files of ``/etc/netns/<name>`` over those of ``/etc``."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a running city has made, as its state file records it."""

    prefix: str
    pid: int
    pid_started: float
    """When the owner's process started, seconds since 1970: a process id alone may be reused."""
    namespaces: list[str]
    data_dir: str
    temporary: bool
    """Whether the data directory is the city's own and goes with it."""

    def owner_lives(self) -> bool:
        """Whether the process that made it still runs."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.pid_started) < 1
        except psutil.NoSuchProcess:
            return False


def new_prefix() -> str:
    """A prefix that no other city on this machine uses."""
    return f"kc{secrets.token_hex(3)}"


def claim(directory: Path, city: Layout, data_dir: Path, *, temporary: bool) -> Claim:
    """Record that this process is about to make the city's namespaces."""
    taken = Claim(
        prefix=city.prefix,
        pid=os.getpid(),
        pid_started=psutil.Process().create_time(),
        namespaces=city.namespaces,
        data_dir=str(data_dir),
        temporary=temporary,
    )
    while True:
        directory.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another city was the last one and removed the directory
            _state_file(directory, city.prefix).write_text(json.dumps(asdict(taken)))
            return taken


def release(directory: Path, prefix: str) -> None:
    """Forget a claim after everything of it is gone."""
    _state_file(directory, prefix).unlink(missing_ok=True)
    with suppress(OSError):
        directory.rmdir()
        directory.parent.rmdir()


def claims(directory: Path) -> list[Claim]:
    """Every recorded city, running or not; a file that cannot be read is left out."""
    found = []
    for path in sorted(directory.glob("*.json")):
        try:
            found.append(Claim(**json.loads(path.read_text())))
        except (ValueError, TypeError, FileNotFoundError):
            continue
    return found


def scratch(namespace: str) -> Path:
    """A short path for temporary files of a namespace's programs; gone with the namespace.

    Short, because Chromium puts a Unix socket into it, whose path has 107 bytes at most.
    """
    return Path(tempfile.gettempdir()) / f"{namespace}.tmp"


async def lay(city: Layout, macs: Sequence[str]) -> None:
    """Make the namespaces, links, addresses and routes of a city; ``macs`` has one for each phone.

    Raises :class:`UnavailableError` when the machine refuses, without root for one.
    """
    for namespace in city.namespaces:
        (await run(["ip", "netns", "add", namespace])).checked()
        config = NETNS_CONFIG / namespace
        config.mkdir(parents=True, exist_ok=True)
        (config / "resolv.conf").write_text(f"nameserver {layout.DNS_ADDRESS}\n")
    await _batch(city.gateway, layout.gateway_commands(city))
    await _batch(city.internet, layout.internet_commands())
    await _batch(city.access_points, layout.access_point_commands(city))
    for number, mac in enumerate(macs, start=1):
        await _batch(city.phone(number), layout.phone_commands(mac))
    forward = ["sysctl", "-qw", "net.ipv4.ip_forward=1"]
    (await run(["ip", "netns", "exec", city.gateway, *forward])).checked()
    log.info(LOG_LAID, prefix=city.prefix, namespaces=len(city.namespaces))


async def tear_down(namespaces: Sequence[str]) -> None:
    """Remove namespaces with every process that still lives in them; missing ones are no error."""
    for namespace in namespaces:
        if (NETNS_DIRECTORY / namespace).exists():
            await _kill_inside(namespace)
            await run(["ip", "netns", "del", namespace])
        _forget_files(namespace)
    log.info(LOG_REMOVED, namespaces=len(namespaces))


async def sweep(directory: Path) -> list[str]:
    """Remove what dead cities left behind; the prefixes that were swept."""
    swept = []
    for left in claims(directory):
        if left.owner_lives():
            continue
        await tear_down(left.namespaces)
        if left.temporary:
            shutil.rmtree(left.data_dir, ignore_errors=True)
        release(directory, left.prefix)
        swept.append(left.prefix)
        log.info(LOG_SWEPT, prefix=left.prefix)
    return swept


async def _batch(namespace: str, lines: Sequence[str]) -> None:
    """Run ``ip`` command lines in one process inside a namespace."""
    ended = await run(["ip", "-n", namespace, "-batch", "-"], stdin="\n".join(lines).encode())
    ended.checked()


async def _kill_inside(namespace: str) -> None:
    """Kill every process whose network namespace this is, and wait until they are gone."""
    for _attempt in range(50):
        ended = await run(["ip", "netns", "pids", namespace])
        pids = [int(word) for word in ended.text.split()]
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.02)
    message = f"processes in {namespace} do not end"
    raise UnavailableError(message, namespace=namespace)


def _forget_files(namespace: str) -> None:
    """Remove the files that stand over those of /etc inside a namespace, and its scratch directory."""
    shutil.rmtree(NETNS_CONFIG / namespace, ignore_errors=True)
    shutil.rmtree(scratch(namespace), ignore_errors=True)
    with suppress(OSError):
        NETNS_CONFIG.rmdir()  # works only when no other namespace of the machine has files there


def _state_file(directory: Path, prefix: str) -> Path:
    return directory / f"{prefix}.json"
