"""The difference of two configurations, as a person reads it. Pure.

Items of a list are matched by what names them (``name``, ``band``, ``vlan``), not by position, so
that a WLAN in front does not make every other one look changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


class _Absent:
    """No value at this path on this side."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Change:
    """One difference. ``old`` or ``new`` is ABSENT where the path is new or gone."""

    path: str
    old: Any
    new: Any


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference, by path; ``uuid`` at the top is left out, because it names the version."""
    old = {key: value for key, value in before.items() if key != "uuid"}
    new = {key: value for key, value in after.items() if key != "uuid"}
    return tuple(_compare("", old, new))


def _compare(path: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            inner = f"{path}.{key}" if path else str(key)
            yield from _compare(inner, old.get(key, ABSENT), new.get(key, ABSENT))
    elif isinstance(old, list) and isinstance(new, list) and _keyed(old) and _keyed(new):
        left = {_key(item): item for item in old}
        right = {_key(item): item for item in new}
        for key in [*left, *(key for key in right if key not in left)]:
            yield from _compare(f"{path}[{key}]", left.get(key, ABSENT), right.get(key, ABSENT))
    elif type(old) is not type(new) or old != new:
        yield Change(path, old, new)


def _key(item: Any) -> str | None:
    if not isinstance(item, Mapping):
        return None
    for name in ("name", "band"):
        if isinstance(item.get(name), str):
            return str(item[name])
    return None


def _keyed(items: list[Any]) -> bool:
    """Whether every item has a name of its own."""
    keys = [_key(item) for item in items]
    return None not in keys and len(set(keys)) == len(keys)
