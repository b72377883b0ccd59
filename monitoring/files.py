"""Writes rendered files so that a reader never sees half of one: a new file, then a rename."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_all", "write_atomically"]


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> bool:
    """Write the text unless the file already holds it; return whether it changed.

    The directory is made if absent; the file gets `mode`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return False
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def write_all(directory: Path, files: Mapping[str, str]) -> list[Path]:
    """Write every file into the directory; return those that changed."""
    return [directory / name for name, text in files.items() if write_atomically(directory / name, text)]
