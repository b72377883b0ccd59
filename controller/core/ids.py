"""Identifiers: ULIDs, 26 characters that sort by the time they were made.

Source: the ULID specification (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits,
Crockford's base 32. Within one process ids made in the same millisecond still increase.
"""

import os
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_RANDOM_BITS = 80
_PAIR_MASK = len(_PAIRS) - 1
_lock = threading.Lock()
_last = 0
_last_ms = -1
_beginning = ""
"""All of the last identifier but its last two letters."""


def new_id() -> str:
    """Return a new identifier, 26 characters, greater than every one this process made before."""
    global _last, _last_ms, _beginning  # noqa: PLW0603 - one counter a process is what makes the ids increase
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms <= _last_ms:
            _last += 1
            last_letters = _last & _PAIR_MASK
            if last_letters:  # else it carries, and more than two letters change
                return _beginning + _PAIRS[last_letters]
        else:
            _last = now_ms << _RANDOM_BITS | int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
        _last_ms = _last >> _RANDOM_BITS
        made = encode_ulid(_last)
        _beginning = made[:-2]
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
