"""MAC addresses: one canonical form, every notation of the field read."""

import re
from typing import NewType

from controller.core.errors import InvalidInputError

Mac = NewType("Mac", str)
"""Canonical form: six lower-case hex pairs with colons, `aa:bb:cc:dd:ee:ff`."""

_NOTATION = re.compile(
    r"(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"  # aa:bb:… and aa-bb-…
    r"|[0-9a-f]{4}([.-])[0-9a-f]{4}\2[0-9a-f]{4}"  # aabb.ccdd.eeff
    r"|[0-9a-f]{6}([:-])[0-9a-f]{6}"  # aabbcc-ddeeff
    r"|[0-9a-f]{12})",
    re.IGNORECASE,
)
_LOCAL_BIT = 0x02
_NO_MARKS = str.maketrans("", "", ":-.")


def parse_mac(text: str) -> Mac:
    """Return a MAC in canonical form.

    Raises:
        InvalidInputError: the text is no MAC in a notation the field uses.
    """
    stripped = text.strip()
    if not _NOTATION.fullmatch(stripped):
        raise InvalidInputError("not a MAC address", hint="write it as aa:bb:cc:dd:ee:ff", field="mac")
    digits = stripped.lower().translate(_NO_MARKS)
    pairs = digits[:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10], digits[10:]
    return Mac(":".join(pairs))


def is_randomised(mac: Mac) -> bool:
    """Tell whether the address is locally administered, as phones' private addresses are (IEEE 802c)."""
    return bool(int(mac[:2], 16) & _LOCAL_BIT)
