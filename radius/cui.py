"""Chargeable-User-Identity (RFC 4372): one name of a person for one operator, which says nothing else.

It is a keyed digest of the account and of the visited operator's name, so it stays the same while the
person's devices change their MAC addresses, two operators cannot put theirs together, and nobody finds
the account from it. It may change with each month, and changes when its person asks for it. Pure.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, tzinfo
from hashlib import blake2b
from typing import Final

from radius.protocol.attributes import CHARGEABLE_USER_IDENTITY, OPERATOR_NAME
from radius.protocol.packet import Attribute, Packet

ASKED: Final = "asked"
ALWAYS: Final = "always"
"""Of `CUI_MODES`. A request asks with the attribute, be it empty, NUL or an older value (RFC 4372 §2.1)."""

CUI_KEY: Final = "radius-cui"
"""Name of the secret that is the key."""
LENGTH: Final = 24
"""Octets of a value; they are printable ASCII."""
_DIGEST_LENGTH: Final = 18
_PERSON: Final = b"cui"


class CuiIssuer:
    """Gives identities.

    Args:
        key: 32 octets, the same in every RADIUS process of the city.
        monthly: whether they change with each month.
        zone: the city's time zone, in which a month begins.
    """

    def __init__(self, key: bytes, *, monthly: bool, zone: tzinfo) -> None:
        self._state = blake2b(key=key, digest_size=_DIGEST_LENGTH, person=_PERSON)
        self._monthly = monthly
        self._zone = zone
        self._generations: Mapping[str, int] = {}

    def set_resets(self, generations: Mapping[str, int]) -> None:
        """Take how often accounts have asked for another identity, those that have."""
        self._generations = generations

    def issue(self, account_id: str, operator: bytes, now_s: float) -> bytes:
        """Return an account's identity for an operator at a moment in Unix seconds.

        `operator` is the value of Operator-Name (RFC 5580 §4.1); empty: the city's own network.
        """
        state = self._state.copy()
        month = datetime.fromtimestamp(now_s, self._zone).strftime("%Y-%m") if self._monthly else ""
        generation = self._generations.get(account_id, 0)
        # The operator's name comes last: it is the only part that may hold anything.
        state.update(f"{account_id}\n{generation}\n{month}\n".encode() + operator)
        return b64encode(state.digest(), b"-_")


def is_wanted(packet: Packet, mode: str) -> bool:
    """Tell whether the answer to a request shall name the person to its NAS."""
    return mode == ALWAYS or (mode == ASKED and packet.find(CHARGEABLE_USER_IDENTITY) is not None)


def cui_attribute(issuer: CuiIssuer, account_id: str, packet: Packet, now_s: float) -> Attribute:
    """Return the attribute for the operator that a request names."""
    operator = packet.find(OPERATOR_NAME) or b""
    return CHARGEABLE_USER_IDENTITY, issuer.issue(account_id, operator, now_s)
