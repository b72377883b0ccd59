"""Finds the system's programs, also where PATH leaves out the administrator's directories."""

import os
import shutil

from controller.core.errors import UnavailableError

_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
_PACKAGES = {"nft": "nftables", "ip": "iproute2", "conntrack": "conntrack", "dnsmasq": "dnsmasq-base"}


def find_program(name: str, *, path: str | None = None) -> str:
    """The absolute path of a program; `path` is searched instead of PATH.

    Raises:
        UnavailableError: it is not installed; the hint names its Debian package.
    """
    searched = path if path is not None else f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}"
    found = shutil.which(name, path=searched)
    if found is None:
        raise UnavailableError(
            f"the program {name} is not installed", hint=f"apt-get install {_PACKAGES.get(name, name)}"
        )
    return found


def command_in(netns: str | None, program: str, *arguments: str) -> list[str]:
    """A command line that runs a program inside a network namespace; None: in this one.

    Raises:
        UnavailableError: the program is not installed.
    """
    command = [find_program(program), *arguments]
    return command if netns is None else [find_program("ip"), "netns", "exec", netns, *command]
