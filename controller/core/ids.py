"""Identifiers: ULIDs, 26 characters that sort by the time they were made.

Source: the ULID specification (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits,
Crockford's base 32. Within one process ids made in the same millisecond still increase.
"""

import os
import threading
import time
from collections.abc import Iterator

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_RANDOM_BITS = 80
_PAIR_MASK = len(_PAIRS) - 1
_NS_PER_MS = 1_000_000
_lock = threading.Lock()
_last = 0
"""The last identifier that was not taken from `_stretch`, or the last of that."""
_stretch: tuple[int, str, Iterator[str]] = 0, "", iter(())
"""Until when it is good, in ns of Unix time, the next identifiers but their last two letters, and these."""


def new_id() -> str:
    """Return a new identifier, 26 characters, greater than every one this process made before."""
    until_ns, beginning, endings = _stretch
    if time.time_ns() < until_ns:
        ending = next(endings, "")  # whatever other threads do, each of them gets another one
        if ending:
            return beginning + ending
    return _begin_stretch()


def _begin_stretch() -> str:
    """Return the first identifier of a millisecond, or of those whose last two letters begin anew."""
    global _last, _stretch  # noqa: PLW0603 - one counter a process is what makes the ids increase
    with _lock:
        now_ms = time.time_ns() // _NS_PER_MS
        if now_ms > _last >> _RANDOM_BITS:
            first = now_ms << _RANDOM_BITS | int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
        else:
            first = _last + 1
        letters = first & _PAIR_MASK
        _last = first - letters + _PAIR_MASK
        made = encode_ulid(first)
        _stretch = ((first >> _RANDOM_BITS) + 1) * _NS_PER_MS, made[:-2], iter(_PAIRS[letters + 1 :])
    return made


def encode_ulid(value: int) -> str:
    """Return a 128-bit number as 26 characters of Crockford's base 32."""
    # Two letters at a time, from two halves: RADIUS makes one for each login, and this costs a third.
    high, low, pairs = value >> 60, value & (1 << 60) - 1, _PAIRS
    return (
        f"{pairs[high >> 60]}{pairs[high >> 50 & 1023]}{pairs[high >> 40 & 1023]}{pairs[high >> 30 & 1023]}"
        f"{pairs[high >> 20 & 1023]}{pairs[high >> 10 & 1023]}{pairs[high & 1023]}{pairs[low >> 50]}"
        f"{pairs[low >> 40 & 1023]}{pairs[low >> 30 & 1023]}{pairs[low >> 20 & 1023]}"
        f"{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )
