"""Identifiers: ULIDs, 26 characters that sort by the time they were made.

Source: the ULID specification (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits,
Crockford's base 32. Within one process ids made in the same millisecond still increase.
"""

import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return a new identifier, 26 characters, greater than every one this process made before."""
    global _last  # noqa: PLW0603 - one counter a process is what makes the ids increase
    value = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    with _lock:
        if value >> _RANDOM_BITS <= _last >> _RANDOM_BITS:
            value = _last + 1
        _last = value
    return encode_ulid(value)


def encode_ulid(value: int) -> str:
    """Return a 128-bit number as 26 characters of Crockford's base 32."""
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
