"""Opens the index's LMDB environment, for its one writer or a reader. Knows no entries.

The file is never worth a refusal to start: it can be made anew from the database. So a damaged one is
moved aside, and nothing is left that would let the next start fall over it again.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import lmdb

from controller.core.errors import UnavailableError
from controller.core.log import get_logger
from radius.index.entries import SETTLED, TABLES

LOG_DAMAGED: Final = "radius.index_damaged"

Table = lmdb._Database  # noqa: SLF001 - its only name

_FILE: Final = "data.mdb"
_DAMAGED_MARK: Final = "damaged"
_MARK: Final = "writer"
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TRIES: Final = 3
"""Starts that did not end in order, after which damage is looked for all the same."""
_MAX_READERS: Final = 1_024
_READABLE_S: Final = 60.0
_MODE: Final = 0o600

_log = get_logger(__name__)


class Environment:
    """An open environment and its tables.

    Args:
        path: the directory it is in.
        lmdb_environment: opened.
    """

    def __init__(self, path: Path, lmdb_environment: lmdb.Environment) -> None:
        self.path = path
        self.lmdb = lmdb_environment
        self.tables = {name: lmdb_environment.open_db(name) for name in (*TABLES, SETTLED)}
        self.identity = identity_of(path)

    def read(self, table: bytes) -> "lmdb.Transaction[bytes]":
        """Begin to read a table as it was committed last."""
        try:
            return self.lmdb.begin(db=self.tables[table])
        except lmdb.MapResizedError:
            self.lmdb.set_mapsize(0)  # the writer was given a larger map
            return self.lmdb.begin(db=self.tables[table])

    def close(self) -> None:
        """Close it; nothing may use it any more."""
        self.lmdb.close()


def open_writer(path: Path, *, map_bytes: int) -> Environment:
    """Open or create the environment for the one process that writes it; a damaged one is moved aside.

    Raises:
        UnavailableError: the file system does not take it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        tries = _untidy_starts(path)
        if (path / _FILE).exists() and (is_marked_damaged(path) or _is_damaged(path, tries)):
            _begin_anew(path)
            tries = 0
        (path / _MARK).write_text(f"{_boot_id()} {(tries or 0) + 1}", encoding="ascii")
        try:
            return _open(path, map_bytes)
        except (lmdb.InvalidError, lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.VersionMismatchError):
            _begin_anew(path)
            return _open(path, map_bytes)
    except (lmdb.Error, OSError) as error:
        raise explain_failure(error, path) from error


def _open(path: Path, map_bytes: int) -> Environment:
    # The data of a commit is on the disk before the commit is (so a power cut cannot damage the
    # file), but the last commits may be lost: the next comparison brings them back.
    opened = lmdb.open(
        str(path),
        map_size=map_bytes,
        max_dbs=len(TABLES) + 1,
        max_readers=_MAX_READERS,
        metasync=False,
        readahead=False,
        mode=_MODE,
    )
    try:
        opened.reader_check()
        return Environment(path, opened)
    except lmdb.Error:
        opened.close()
        raise


def _begin_anew(path: Path) -> None:
    move_aside(path)
    path.mkdir(mode=0o700)


def note_closed(path: Path) -> None:
    """Note that the writer has closed the environment in order: the next start need not read it through."""
    try:
        stat = (path / _FILE).stat()
        (path / _MARK).write_text(f"closed {stat.st_size} {stat.st_mtime_ns}", encoding="ascii")
    except OSError:
        return


def _untidy_starts(path: Path) -> int | None:
    """Return after how many starts that did not end in order the file is as LMDB left it.

    A killed process cannot damage it, a power cut or a foreign hand may. None: it was, or may have been,
    one of these.
    """
    try:
        first, *rest = (path / _MARK).read_text(encoding="ascii").split()
        if first == "closed":
            stat = (path / _FILE).stat()
            return 0 if rest == [str(stat.st_size), str(stat.st_mtime_ns)] else None
        return int(rest[0]) if first == _boot_id() else None
    except (OSError, ValueError, IndexError):
        return None


def _is_damaged(path: Path, untidy_starts: int | None) -> bool:
    return (untidy_starts is None or untidy_starts >= _TRIES) and not is_readable(path)


def _boot_id() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()


def open_reader(path: Path) -> Environment | None:
    """Open the environment read-only; None if it is not there or cannot be read."""
    try:
        opened = lmdb.open(
            str(path),
            readonly=True,
            create=False,
            max_dbs=len(TABLES) + 1,
            max_readers=_MAX_READERS,
            max_spare_txns=4,
            readahead=False,
        )
        return Environment(path, opened)
    except (lmdb.Error, OSError):
        return None


def identity_of(path: Path) -> tuple[int, int]:
    """Return which file the environment is in now; it changes when it is made anew."""
    try:
        stat = (path / _FILE).stat()
    except OSError:
        return 0, 0
    return stat.st_dev, stat.st_ino


def is_readable(path: Path) -> bool:
    """Tell whether all of the environment's file can be read, in a process of its own.

    Of a damaged file LMDB may take down the process that reads it.
    """
    command = [sys.executable, "-m", "radius.index.environment", str(path)]
    try:
        return subprocess.run(command, timeout=_READABLE_S, check=False, capture_output=True).returncode == 0
    except subprocess.TimeoutExpired:
        return True  # it is large and was read without a fault for a minute


def mark_damaged(path: Path) -> None:
    """Have the writer make the environment anew: a reader could not read it."""
    try:
        (path / _DAMAGED_MARK).touch(mode=_MODE)
    except OSError:
        return


def is_marked_damaged(path: Path) -> bool:
    """Tell whether a reader could not read it."""
    return (path / _DAMAGED_MARK).exists()


def move_aside(path: Path) -> Path:
    """Move an environment to `….damaged`, in place of the last one moved there; return where to."""
    aside = path.with_name(f"{path.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    path.rename(aside)
    _log.error(LOG_DAMAGED, moved_to=str(aside), hint="it is made anew from the database; look at the disk")
    return aside


def explain_failure(error: Exception, path: Path) -> UnavailableError:
    """Return an error that says what to do about a failed write."""
    if isinstance(error, lmdb.MapFullError):
        hint = "give KOLCO_RADIUS_INDEX_MAP_BYTES a larger value and restart RADIUS"
    elif "No space left" in str(error):
        hint = f"free space on the disk of {path}: 300 octets an account, twice that while it is compared"
    else:
        hint = f"look at the disk and the owner of {path}; it may be deleted, and is then made anew"
    return UnavailableError(f"the account index cannot be written: {error}", hint=hint)


def _read_through(path: str) -> None:
    """Read every entry; raises, or ends the process, if the file is damaged."""
    with lmdb.open(path, readonly=True, create=False, lock=False, max_dbs=len(TABLES) + 1) as opened:
        for name in (*TABLES, SETTLED):
            table = opened.open_db(name, create=False)
            with opened.begin(db=table) as tx:
                read = sum(1 for _ in tx.cursor().iternext(keys=True, values=False))
                if read != tx.stat(table)["entries"]:
                    raise SystemExit(1)


if __name__ == "__main__":
    _read_through(sys.argv[1])
