"""MD4 (RFC 1320): what an NT password hash is made with. OpenSSL no longer has it; good for nothing else."""

from collections.abc import Callable
from struct import Struct
from typing import Final

_WORD: Final = 0xFFFFFFFF
_BLOCK = Struct("<16I")
_STATE = Struct("<4I")
_INITIAL: Final = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_PADDED: Final = 56
"""Octets of the last block before the length."""

_ROUNDS: Final[tuple[tuple[Callable[[int, int, int], int], int, tuple[int, ...], tuple[int, ...]], ...]] = (
    (lambda x, y, z: (x & y) | (~x & z), 0, tuple(range(16)), (3, 7, 11, 19)),
    (
        lambda x, y, z: (x & y) | (x & z) | (y & z),
        0x5A827999,
        (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        (3, 5, 9, 13),
    ),
    (
        lambda x, y, z: x ^ y ^ z,
        0x6ED9EBA1,
        (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15),
        (3, 9, 11, 15),
    ),
)
"""(function, constant, order of the words, rotations) of each round (RFC 1320 §3.4)."""


def md4(message: bytes) -> bytes:
    """Return the 16-octet MD4 digest."""
    zeros = bytes((_PADDED - 1 - len(message)) % _BLOCK.size)
    padded = message + b"\x80" + zeros + (8 * len(message)).to_bytes(8, "little")
    state = _INITIAL
    for words in _BLOCK.iter_unpack(padded):
        a, b, c, d = state
        for function, constant, order, rotations in _ROUNDS:
            for step, index in enumerate(order):
                total = (a + function(b, c, d) + words[index] + constant) & _WORD
                turn = rotations[step % 4]
                a, b, c, d = d, (total << turn | total >> (32 - turn)) & _WORD, b, c
        state = tuple((old + new) & _WORD for old, new in zip(state, (a, b, c, d), strict=True))  # type: ignore[assignment]
    return _STATE.pack(*state)
