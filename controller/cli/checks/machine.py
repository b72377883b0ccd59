"""Checks of the machine: Python, root, kernel features, programs, limits, clock."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from controller.cli.checks.finding import Finding
from radius.native.location import State, state

PYTHON_NEEDED = (3, 11)
FILES_NEEDED = 8192
"""Open files: one a connected AP, and some for everything else."""
_STA_UNSYNC = 0x40
_TIMEX_BYTES = 208
"""sizeof(struct timex) on 64-bit Linux; adjtimex(2) with modes=0 only reads."""
_STATUS_OFFSET = 40
_BUILT = datetime(2025, 1, 1, tzinfo=UTC)
_SECONDS = 10

_TOOLS: Sequence[tuple[str, str, str, bool]] = (
    ("nft", "nftables", "the gateway", True),
    ("ip", "iproute2", "the gateway", True),
    ("dnsmasq", "dnsmasq-base", "the gateway", True),
    ("conntrack", "conntrack", "the gateway", False),
    ("dhclient", "isc-dhcp-client", "kolco city", False),
    ("chromium", "chromium", "kolco city --check", False),
    ("prometheus", "prometheus", "kolco city", False),
    ("radclient", "freeradius-utils", "kolco city --check and tests", False),
)
"""Program, Debian package, who needs it, whether it cannot do without."""

_NFT_SET = (
    "add table ip kolco; add set ip kolco open "
    "{ type ipv4_addr . ether_addr; flags timeout; counter; timeout 1h; }"
)
_KERNEL_TRIALS: Mapping[str, Sequence[str]] = {
    "network namespaces": ("true",),
    "veth pairs": ("ip", "link", "add", "kolco0", "type", "veth", "peer", "name", "kolco1"),
    "bridges": ("ip", "link", "add", "kolco0", "type", "bridge"),
    "nftables sets": ("nft", _NFT_SET),
}
"""What the gateway asks of the kernel, tried in a namespace of its own that goes at once."""


def check_python(version: tuple[int, int] = (sys.version_info[0], sys.version_info[1])) -> Finding:
    """Look at the version of Python."""
    found = ".".join(map(str, version))
    if version >= PYTHON_NEEDED:
        return Finding("python", "pass", found)
    needed = ".".join(map(str, PYTHON_NEEDED))
    return Finding("python", "fail", f"{found} is too old", f"install Python {needed} or later")


def check_compiled(found: State | None = None) -> Finding:
    """Look whether the hot path of RADIUS is compiled."""
    now = state() if found is None else found
    name = "RADIUS hot path"
    match now:
        case State.COMPILED:
            return Finding(name, "pass", "compiled")
        case State.REFUSED:
            return Finding(name, "warn", "plain Python, slower: KOLCO_PURE is set", "unset KOLCO_PURE")
        case State.STALE:
            detail = "plain Python, slower: what was compiled is of other source"
            return Finding(name, "warn", detail, "make compile, and restart RADIUS")
        case State.PURE:
            detail = "plain Python, slower: nothing was compiled"
            return Finding(
                name, "warn", detail, "install gcc and python3-dev, make compile, and restart RADIUS"
            )


def check_root(user: int | None = None) -> Finding:
    """Look whether the gateway can run as this user."""
    if (os.geteuid() if user is None else user) == 0:
        return Finding("root", "pass", "running as root")
    return Finding(
        "root", "warn", "not root: no gateway, no phones in kolco city", "run with sudo for these parts"
    )


def check_kernel(*, root: bool) -> Iterator[Finding]:
    """Try what the gateway needs of the kernel; without root it cannot be tried."""
    for name, command in _KERNEL_TRIALS.items():
        if not root:
            yield Finding(f"kernel: {name}", "warn", "not tried", "run kolco doctor with sudo to try it")
            continue
        fault = _try_in_namespace(command)
        if fault is None:
            yield Finding(f"kernel: {name}", "pass", "works")
        else:
            yield Finding(
                f"kernel: {name}", "fail", fault, "the gateway needs it: choose a kernel or container with it"
            )


def check_tools() -> Iterator[Finding]:
    """Look for the programs of other packages."""
    # Debian keeps some of them where only root's PATH looks.
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    for program, package, needed_by, required in _TOOLS:
        found = shutil.which(program, path=path)
        if found:
            yield Finding(f"program: {program}", "pass", found)
        else:
            yield Finding(
                f"program: {program}",
                "fail" if required else "warn",
                f"missing; {needed_by} needs it",
                f"apt install {package}",
            )


def check_files(limit: int | None = None) -> Finding:
    """Look how many files a process may open."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if limit is None else limit
    if soft == resource.RLIM_INFINITY or soft >= FILES_NEEDED:
        return Finding("open files", "pass", f"up to {'any number' if soft < 0 else soft}")
    return Finding(
        "open files", "warn", f"at most {soft}: that many APs less a few", "raise LimitNOFILE, or ulimit -Hn"
    )


def check_clock(now: datetime, *, synchronised: bool | None) -> Finding:
    """Judge the clock; `synchronised` is None when the kernel does not tell."""
    if now < _BUILT:
        return Finding(
            "clock", "fail", f"it is {now:%Y-%m-%d}: certificates look not yet valid", "set the clock"
        )
    if synchronised is False:
        return Finding(
            "clock",
            "warn",
            f"{now:%Y-%m-%d %H:%M:%S} UTC, not synchronised",
            "install chrony or turn on systemd-timesyncd",
        )
    told = "synchronised" if synchronised else "the kernel does not tell whether it is synchronised"
    return Finding("clock", "pass", f"{now:%Y-%m-%d %H:%M:%S} UTC, {told}")


def read_clock_state() -> bool | None:
    """Return whether the kernel's clock is disciplined (adjtimex(2)); None if it does not tell."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.maxsize < 2**32 or not hasattr(libc, "adjtimex") or libc.adjtimex(buffer) < 0:
        return None
    status = int.from_bytes(buffer.raw[_STATUS_OFFSET : _STATUS_OFFSET + 4], sys.byteorder)
    return not status & _STA_UNSYNC


def _try_in_namespace(command: Sequence[str]) -> str | None:
    """Run a command in a fresh network namespace; returns what went wrong."""
    try:
        done = subprocess.run(
            ["unshare", "--net", *command], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        return "unshare (package util-linux) is missing"
    except subprocess.TimeoutExpired:
        return f"no answer within {_SECONDS} s"
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return lines[0][:120] if lines else f"{command[0]} ended with {done.returncode}"
