"""Accounting for home servers that waits while the daemon is restarted: a file for each process that ended.

Files are of mode 0600, as the journal's are: they hold what access points said of visitors. A file is taken
by one process and then gone; what is damaged is set aside for people, not read.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from controller.core.log import get_logger
from controller.core.secrets import write_private

LOG_DAMAGED = "radius.spool_damaged"
DIRECTORY: Final = "radius/forward"

_log = get_logger(__name__)


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """An Accounting-Request on its way.

    Attributes:
        attributes: as home servers get them.
        pattern: of the realm.
        device: what requests of one device have in common.
        accepted_at: when it was accepted here, unix time.
    """

    attributes: list[tuple[int, bytes]]
    pattern: str
    device: bytes
    accepted_at: float


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Waiting]).decode


def save(directory: Path, waiting: Sequence[Waiting]) -> None:
    """Write what waits to a file of its own.

    Raises:
        OSError: it cannot be written.
    """
    write_private(directory / f"{secrets.token_hex(8)}.spool", _encode(list(waiting)))


def take(directory: Path) -> list[Waiting]:
    """Return what waits in all files, which are gone then; another process gets none of it."""
    found: list[Waiting] = []
    for path in sorted(directory.glob("*.spool")):
        mine = path.with_suffix(f".{os.getpid()}")
        try:
            path.rename(mine)
        except FileNotFoundError:  # another process was first
            continue
        try:
            found += _decode(mine.read_bytes())
        except msgspec.DecodeError:
            mine.rename(mine.with_suffix(".damaged"))
            _log.error(LOG_DAMAGED, file=path.name)
        else:
            mine.unlink()
    return found
