"""Versions of a configuration: uuid and digest. Pure.

An access point keeps each version as ``ucentral.cfg.%010lu`` and loads the lexically highest, prunes
only names that begin with 1, and holds the number in an int32: so a uuid is unix seconds, strictly
increasing per access point, and even a rollback is old content under a new uuid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

FIRST_UUID = 1_000_000_000
LAST_UUID = 2**31 - 1


def next_uuid(previous: int, *, now_s: int, running: int = 0) -> int:
    """A uuid above ``previous`` (the last we chose) and ``running`` (what the access point has).

    Raises OverflowError past 2038, when the access points' int32 ends.
    """
    uuid = max(now_s, previous + 1, running + 1, FIRST_UUID)
    if uuid > LAST_UUID:
        message = f"configuration uuid {uuid} does not fit the access point's int32"
        raise OverflowError(message)
    return uuid


def digest(config: Mapping[str, Any]) -> str:
    """SHA-256 of the content, hex; the uuid and the order of keys do not matter."""
    content = {key: value for key, value in config.items() if key != "uuid"}
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def stamp(config: Mapping[str, Any], uuid: int) -> str:
    """The JSON text to send: ``config`` with its uuid."""
    return msgspec.json.encode({**config, "uuid": uuid}).decode()
