"""Says where the compiled modules are, if they are there and were made from the source as it stands.

They lie in a folder of their own, never beside their source, and with them a stamp that tells what they
were made from: their sources, and all that these import, whose types are compiled in. A source that was
changed since, another Python or `KOLCO_PURE=1` means that all of it runs
as plain Python: what runs is always what the source says. `build` makes them.
"""

import json
import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

MODULES: Final = (
    "radius/answers.py",
    "radius/authorize.py",
    "radius/cui.py",
    "radius/deciding.py",
    "radius/decision.py",
    "radius/decisions.py",
    "radius/explain/recorder.py",
    "radius/index/keys.py",
    "radius/index/places.py",
    "radius/index/reader.py",
    "radius/intake.py",
    "radius/journal/format.py",
    "radius/journal/metrics.py",
    "radius/journal/writer.py",
    "radius/metrics.py",
    "radius/mpsk/responder.py",
    "radius/mschap.py",
    "radius/policy/engine.py",
    "radius/policy/registry.py",
    "radius/policy/rules.py",
    "radius/protocol/authenticator.py",
    "radius/protocol/connection.py",
    "radius/protocol/digests.py",
    "radius/protocol/mschap.py",
    "radius/protocol/packet.py",
    "radius/protocol/password.py",
    "radius/proxy/proxy.py",
    "radius/question.py",
    "radius/reading.py",
    "radius/records.py",
    "radius/reply.py",
    "radius/server.py",
    "radius/session_class.py",
    "radius/spent/registry.py",
    "radius/stations.py",
    "radius/storm/delay.py",
    "radius/storm/priority.py",
    "radius/storm/queue.py",
    "radius/storm/rates.py",
    "radius/tally.py",
)
"""What is compiled: what each packet passes. mypyc cannot compile a module that defines a msgspec.Struct.

No coroutine of these may await another of them: what is raised through both can end the process.
"""
PURE_VARIABLE: Final = "KOLCO_PURE"
FOLDER_VARIABLE: Final = "KOLCO_NATIVE_FOLDER"
STAMP: Final = "made-from.json"
_PYTHON: Final = "python"
SUFFIX: Final = EXTENSION_SUFFIXES[0]
SOURCES: Final = Path(__file__).parents[2]
_FOLDER: Final = Path(__file__).parent / "compiled"


class State(StrEnum):
    """What runs."""

    COMPILED = "compiled"
    PURE = "pure"
    """Nothing was compiled."""
    STALE = "stale"
    """What was compiled is of other source or another Python: plain Python runs until it is made anew."""
    REFUSED = "refused"
    """`KOLCO_PURE` asks for plain Python."""


def folder() -> Path:
    """Return the folder of the compiled modules, there or not; tests have another."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given) if given else _FOLDER


def stamp_of(sources: Path, names: Iterable[str]) -> dict[str, str]:
    """Return what compiled modules are made from: the digest of each source, and the Python.

    Raises:
        OSError: there is no such source.
    """
    return {name: sha256((sources / name).read_bytes()).hexdigest() for name in names} | {_PYTHON: SUFFIX}


def is_current(target: Path) -> bool:
    """Tell whether what stands in a folder was made from the sources as they are, by this Python."""
    try:
        stamp: dict[str, str] = json.loads((target / STAMP).read_text("utf-8"))
        names = stamp.keys() - {_PYTHON}
        return names.issuperset(MODULES) and stamp == stamp_of(SOURCES, names)
    except (OSError, ValueError, AttributeError):
        return False


@cache
def state() -> State:
    """Return what runs in this process; settled at the first call."""
    if os.environ.get(PURE_VARIABLE):
        return State.REFUSED
    if not (folder() / STAMP).is_file():
        return State.PURE
    if not is_current(folder()):
        return State.STALE
    for library in folder().glob(f"*__mypyc{SUFFIX}"):  # all modules share it
        name = library.name.removesuffix(SUFFIX)
        spec = spec_from_file_location(name, library)
        if spec is None or spec.loader is None:
            return State.STALE
        sys.modules[name] = module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return State.COMPILED


def search_path(package: str) -> list[str]:
    """Return where a package's compiled modules are to be looked for, before their sources; mostly empty."""
    return [str(folder() / package.replace(".", "/"))] if state() is State.COMPILED else []
