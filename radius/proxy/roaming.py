"""What the city says of itself to home servers, and what WBA OpenRoaming adds. A pure module.

Operator-Name is RFC 5580 §4.1, Chargeable-User-Identity RFC 4372; the attributes of vendor 14122 and
in which packets they may stand are the Wireless Broadband Alliance's public table (RADIUS-VSA).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from radius.protocol.attributes import CHARGEABLE_USER_IDENTITY, VENDOR_WISPR
from radius.protocol.packet import Attribute, encode_text, encode_vendor, iter_vendor

OPERATOR_NAME: Final = 126
WBA_OFFERED_SERVICE: Final = 12
WBA_FINANCIAL_CLEARING_PROVIDER: Final = 13
WBA_DATA_CLEARING_PROVIDER: Final = 14
WBA_LINEAR_VOLUME_RATE: Final = 15
WBA_IDENTITY_PROVIDER: Final = 16
WBA_CUSTOM_SLA: Final = 17

CUI_WANTED: Final[Attribute] = (CHARGEABLE_USER_IDENTITY, b"\0")
"""An Access-Request asks for a CUI with one that holds a single zero octet (RFC 4372 §2.1)."""
KEPT_FOR_ACCOUNTING: Final = (
    WBA_FINANCIAL_CLEARING_PROVIDER,
    WBA_DATA_CLEARING_PROVIDER,
    WBA_LINEAR_VOLUME_RATE,
)
"""What an Access-Accept says that accounting has to repeat."""

_OPERATOR_NAME = re.compile(
    r"4[A-Z0-9][A-Z0-9.]{0,60}:[A-Z]{2}|1[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])|0[A-Z0-9]{3,6}"
)


@dataclass(frozen=True, slots=True)
class Operator:
    """What is added to requests that are handed on.

    Attributes:
        name: Operator-Name, its namespace first: `4CITY:RU` or `1city.example`; empty: none.
        want_cui: ask for a CUI.
        offered_service: WBA-Offered-Service, `OpenRoaming Bronze` and the like; empty: none.
        financial_clearing: WBA-Financial-Clearing-Provider, `4` and a WBA identifier; empty: none.
        data_clearing: WBA-Data-Clearing-Provider, written likewise; empty: none.
    """

    name: str = ""
    want_cui: bool = True
    offered_service: str = ""
    financial_clearing: str = ""
    data_clearing: str = ""

    def wba(self) -> list[Attribute]:
        """Return the vendor attributes of an Access-Request."""
        return [
            encode_vendor(VENDOR_WISPR, kind, text.encode())
            for kind, text in (
                (WBA_OFFERED_SERVICE, self.offered_service),
                (WBA_FINANCIAL_CLEARING_PROVIDER, self.financial_clearing),
                (WBA_DATA_CLEARING_PROVIDER, self.data_clearing),
            )
            if text
        ]

    def additions(self, present: Sequence[Attribute], *, access: bool) -> list[Attribute]:
        """Return what to add to a request; what it has already is left as it is.

        Args:
            present: the request's attributes.
            access: an Access-Request; else accounting.
        """
        kinds = {kind for kind, _ in present}
        added: list[Attribute] = []
        if self.name and OPERATOR_NAME not in kinds:
            added.append(encode_text(OPERATOR_NAME, self.name))
        if access and self.want_cui and CHARGEABLE_USER_IDENTITY not in kinds:
            added.append(CUI_WANTED)
        return added + without_present(self.wba(), present)


def is_operator_name(text: str) -> bool:
    """Tell whether a text can be an Operator-Name: a WBA identifier, a realm or a TADIG code."""
    return bool(_OPERATOR_NAME.fullmatch(text))


def without_present(vendor: list[Attribute], present: Sequence[Attribute]) -> list[Attribute]:
    """Return those vendor attributes, one in each, of which the packet has none yet."""
    there = {(number, kind) for number, kind, _ in iter_vendor(present)}
    return [one for one in vendor if not any((n, k) in there for n, k, _ in iter_vendor([one]))]


def kept_for_accounting(accept: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """Return what of an Access-Accept the home server wants back in accounting.

    CUI is among it, last: a NAS that knows it sends it by itself, others do not.
    """
    kept = [
        encode_vendor(vendor, kind, value)
        for vendor, kind, value in iter_vendor(accept)
        if vendor == VENDOR_WISPR and kind in KEPT_FOR_ACCOUNTING
    ]
    kept += [
        (kind, value) for kind, value in accept if kind == CHARGEABLE_USER_IDENTITY and value.strip(b"\0")
    ]
    return tuple(kept)
