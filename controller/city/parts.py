"""What of the city this machine can show, and for what is missing, why and how to get it.

Pure: :func:`find` is the one look at the machine, the rest works on what it found.
"""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

PACKAGES: Final = {
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "dhclient": "isc-dhcp-client",
    "curl": "curl",
    "sysctl": "procps",
    "setpriv": "util-linux",
    "chromium": "chromium",
    "radclient": "freeradius-utils",
    "prometheus": "prometheus",
}
"""Program, and the Debian package that has it."""

NETWORK_PROGRAMS: Final = ("ip", "nft", "conntrack", "dnsmasq", "dhclient", "curl", "sysctl", "setpriv")


@dataclass(frozen=True, slots=True)
class Found:
    """What the machine has."""

    root: bool
    programs: frozenset[str]
    """Those of :data:`PACKAGES` that are on the path or in the system directories."""
    playwright: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of the city that this machine cannot show."""

    part: str
    why: str
    how: str
    """What to do to get it."""


def find(which: Callable[[str], str | None] | None = None) -> Found:
    """Look at this machine."""
    search = which or _which
    return Found(
        root=os.geteuid() == 0,
        programs=frozenset(name for name in PACKAGES if search(name) is not None),
        playwright=importlib.util.find_spec("playwright") is not None,
    )


def has_network(found: Found) -> bool:
    """Whether a gateway and phones can be laid."""
    return found.root and found.programs.issuperset(NETWORK_PROGRAMS)


def has_browser(found: Found) -> bool:
    """Whether a phone can have a browser."""
    return found.playwright and "chromium" in found.programs


def left_out(found: Found, *, phones: int) -> list[LeftOut]:
    """What a city with that many phones has to do without on this machine."""
    missing = []
    if phones > 0 and not has_network(found):
        part = "gateway and phones"
        if not found.root:
            why = "network namespaces need root"
            missing.append(LeftOut(part, why, "run it as root: sudo $(command -v kolco) city"))
        without = [name for name in NETWORK_PROGRAMS if name not in found.programs]
        if without:
            missing.append(LeftOut(part, f"no {', '.join(without)}", install(without)))
    if phones > 0 and "chromium" not in found.programs:
        missing.append(LeftOut("browser on the phones", "no chromium", install(["chromium"])))
    if phones > 0 and not found.playwright:
        why = "the Python package playwright is not installed"
        missing.append(LeftOut("browser on the phones", why, "pip install playwright"))
    for program, part in (("prometheus", "Prometheus"), ("radclient", "RADIUS client")):
        if program not in found.programs:
            missing.append(LeftOut(part, f"no {program}", install([program])))
    return missing


def install(programs: Iterable[str]) -> str:
    """How to install programs on Debian; in a checkout there is a way that starts no services."""
    packages = sorted({PACKAGES[name] for name in programs})
    return f"`make setup` as root, or apt-get install --no-install-recommends {' '.join(packages)}"


def _which(name: str) -> str | None:
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}{os.pathsep}/usr/sbin{os.pathsep}/sbin")
