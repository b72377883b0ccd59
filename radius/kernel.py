"""How many datagrams the kernel threw away because a receive buffer was full: nobody else tells.

Source: Linux `/proc/net/udp` and `/proc/net/udp6`, proc(5); the last column is the socket's drops. All
sockets of a port are there, whichever process has them, so one process counts for all workers.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
_LOCAL, _INODE, _DROPS, _COLUMNS = 1, 9, 12, 13


def read_drops(table: str, port: int) -> dict[str, int]:
    """Return the drops of each socket bound to a port, by its inode, from the text of one of the tables.

    Lines that do not have the known shape are left out.
    """
    suffix = f":{port:04X}"
    drops = {}
    for line in table.splitlines():
        fields = line.split()
        if len(fields) == _COLUMNS and fields[_LOCAL].endswith(suffix):
            told = fields[_DROPS]
            drops[fields[_INODE]] = int(told) if told.isascii() and told.isdigit() else 0
    return drops


class KernelDrops:
    """The drops of a port, those of sockets that were closed since included: the number never falls.

    Args:
        port: UDP port.
        tables: files of the kernel; where there are none, nothing is counted.
    """

    def __init__(self, port: int, tables: Iterable[Path] = _TABLES) -> None:
        self._port = port
        self._tables = tuple(tables)
        self._open: dict[str, int] = {}
        self._closed = 0

    def read(self) -> int:
        """Return the drops so far."""
        found: dict[str, int] = {}
        for path in self._tables:
            if path.exists():
                found |= read_drops(path.read_text("ascii"), self._port)
        self._closed += sum(drops for inode, drops in self._open.items() if inode not in found)
        self._open = found
        return self._closed + sum(found.values())
