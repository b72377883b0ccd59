"""The realm in a User-Name: a network access identifier, `user@realm` (RFC 7542). A pure module.

A decoration (`home.example!user@visited.example`, RFC 4282 §2.7) is bounded but not followed: the
request goes where the realm after the last `@` says.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 253
"""Octets of a User-Name, and of an NAI that any implementation must take (RFC 7542 §2.3)."""
_MAX_LABELS: Final = 16
_MAX_DECORATIONS: Final = 4

_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
"""Letters and digits of any script, hyphens and, as met in the field, underscores inside."""


@dataclass(frozen=True, slots=True)
class Nai:
    """A user name taken apart.

    Attributes:
        user: what stands before the realm; may be empty, since a realm alone hides who it is.
        realm: lower-case; empty if there is none.
    """

    user: str
    realm: str


def parse_nai(value: bytes) -> Nai | None:
    """Return the parts of a User-Name, or None if it cannot be an NAI and must not be routed.

    A name without `@` has no realm and is an NAI too. RFC 7542 §2.2 wants two labels in a realm.
    """
    if len(value) > MAX_LENGTH:
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return None
    user, at, realm = text.rpartition("@")
    if not at:
        return Nai(text, "")
    if user.count("!") > _MAX_DECORATIONS or "@" in user:
        return None
    realm = realm.lower()
    labels = realm.split(".")
    if not 1 < len(labels) <= _MAX_LABELS or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return Nai(user, realm)
