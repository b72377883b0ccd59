"""Holds the items of a whole table, however many, in parts that follow each other in the order of keys.

They come in any order and go out part by part; most of them wait in a temporary file. This is what lets
millions be compared with a sorted table in a few megabytes.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final, cast

from radius.index.keys import KEY_LENGTH

PARTS: Final = 256
_BLOCK: Final = 65_536
_SIZE: Final = 2
_HEAD: Final = KEY_LENGTH + _SIZE


class Spool:
    """See the module.

    Args:
        directory: where the temporary file is made, once there are many items.
        block: octets of a part that are kept in memory.
    """

    def __init__(self, directory: Path, *, block: int = _BLOCK) -> None:
        self.directory = directory
        self._block = block
        self._file: BinaryIO | None = None
        self._waiting = [bytearray() for _ in range(PARTS)]
        self._stored: list[list[tuple[int, int]]] = [[] for _ in range(PARTS)]

    def add(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Take items; of equal keys the last counts.

        Raises:
            OSError: the disk is full.
        """
        waiting = self._waiting
        for key, value in items:
            part = waiting[key[0]]
            part += b"%b%b%b" % (key, len(value).to_bytes(_SIZE, "big"), value)
            if len(part) >= self._block:
                self._store(key[0])

    def take(self, number: int) -> dict[bytes, bytes]:
        """Return the items whose key's first octet is `number`, and forget them."""
        blocks = []
        if self._file is not None:
            for offset, length in self._stored[number]:
                self._file.seek(offset)
                blocks.append(self._file.read(length))
        blocks.append(bytes(self._waiting[number]))
        self._waiting[number], self._stored[number] = bytearray(), []
        items = {}
        for block in blocks:
            at, end = 0, len(block)
            while at < end:
                key, at = block[at : at + KEY_LENGTH], at + _HEAD
                length = int.from_bytes(block[at - _SIZE : at], "big")
                items[key] = block[at : at + length]
                at += length
        return items

    def close(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()

    def _store(self, number: int) -> None:
        if self._file is None:
            self._file = cast("BinaryIO", tempfile.TemporaryFile(dir=self.directory))  # noqa: SIM115
        offset = self._file.seek(0, 2)
        self._stored[number].append((offset, len(self._waiting[number])))
        self._file.write(self._waiting[number])
        self._waiting[number] = bytearray()
