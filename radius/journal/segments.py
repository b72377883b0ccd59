"""Segment files: made, found, ended. Knows no records; what is in them is `format`'s matter.

A segment is one file, `<ULID>.journal`, that one process writes while it holds the file's lock. Names
are random, so no two processes ever write one file, and the number of writers may change at will. A
segment whose lock is free is complete: its writer went on to another, or is dead.
"""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.core.ids import new_id
from radius.journal.format import encode_header

SUFFIX: Final = ".journal"
DONE: Final = ".done"
DAMAGED: Final = ".damaged"
_DRAFT: Final = ".new"
_DRAFT_KEPT_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment to write: its ULID, and a locked file descriptor that stands after the header."""

    id: str
    descriptor: int


def open_directory(directory: Path) -> None:
    """Create the directory, for this user only."""
    if not directory.is_dir():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_directory(directory.parent)


def create_segment(directory: Path) -> NewSegment:
    """Create a segment that survives a power cut from now on; it gets its name only when it is locked.

    Raises:
        OSError: the disk is full, or broken.
    """
    segment = new_id()
    draft = directory / f"{segment}{_DRAFT}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        write_all(descriptor, encode_header(segment))
        os.fdatasync(descriptor)
        draft.rename(path_of(directory, segment))
        sync_directory(directory)
    except OSError:
        os.close(descriptor)
        draft.unlink(missing_ok=True)
        raise
    return NewSegment(segment, descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all octets.

    Raises:
        OSError: not all could be written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def path_of(directory: Path, segment: str) -> Path:
    """Return a segment's file."""
    return directory / f"{segment}{SUFFIX}"


def list_segments(directory: Path) -> list[str]:
    """Return the ULIDs of the segments that are not done, oldest first."""
    return _list(directory, SUFFIX)


def list_done(directory: Path) -> list[str]:
    """Return the ULIDs of the segments that are applied but not yet forgotten."""
    return _list(directory, DONE)


def is_being_written(descriptor: int) -> bool:
    """Tell whether a process holds a segment's lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def mark_done(directory: Path, segment: str, *, suffix: str = DONE) -> None:
    """Take a segment out of those to be applied, for good."""
    path_of(directory, segment).rename(directory / f"{segment}{suffix}")
    sync_directory(directory)


def remove_done(directory: Path, segment: str) -> None:
    """Delete the file of a segment that is done."""
    (directory / f"{segment}{DONE}").unlink(missing_ok=True)


def remove_drafts(directory: Path) -> None:
    """Delete what writers that were killed began an hour ago or earlier, and never gave a name."""
    before = time.time() - _DRAFT_KEPT_S
    for draft in directory.glob(f"*{_DRAFT}"):
        if draft.stat().st_mtime < before:
            draft.unlink(missing_ok=True)


def total_bytes(directory: Path) -> int:
    """Return the size of all segments that are not done."""
    return sum(sizes(directory).values())


def sizes(directory: Path) -> dict[str, int]:
    """Return the sizes of the segments that are not done."""
    found = {}
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIX):
                try:
                    found[entry.name.removesuffix(SUFFIX)] = entry.stat().st_size
                except FileNotFoundError:
                    continue  # done in this very moment
    return found


def sync_directory(directory: Path) -> None:
    """Make names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _list(directory: Path, suffix: str) -> list[str]:
    return sorted(path.stem for path in directory.glob(f"*{suffix}"))
