"""How many datagrams the kernel threw away because our receive buffer was full: nobody else tells.

Source: Linux `/proc/net/udp` and `/proc/net/udp6`, proc(5); the last column is the socket's drops.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
_LOCAL, _DROPS, _COLUMNS = 1, 12, 13


def count_drops(table: str, port: int) -> int:
    """Return the drops of all sockets bound to a port, in the text of one of the tables.

    Lines that do not have the known shape are left out.
    """
    suffix = f":{port:04X}"
    drops = 0
    for line in table.splitlines():
        fields = line.split()
        if len(fields) == _COLUMNS and fields[_LOCAL].endswith(suffix) and fields[_DROPS].isascii():
            drops += int(fields[_DROPS]) if fields[_DROPS].isdigit() else 0
    return drops


def read_drops(port: int, tables: Iterable[Path] = _TABLES) -> int:
    """Return the drops of a port so far; 0 where the kernel does not tell."""
    return sum(count_drops(path.read_text("ascii"), port) for path in tables if path.exists())
