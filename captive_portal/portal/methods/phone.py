"""Telephone numbers as people type them, and which of them may get a code. Pure."""

from collections.abc import Sequence
from typing import Final, Literal

import phonenumbers

MAX_INPUT_CHARS: Final = 40
_REGION: Final = "RU"
_MOBILE: Final = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
)
_BLOCK_DIGITS: Final = 6


class PhoneError(Exception):
    """The number gets no code; `reason` is "invalid" or "country"."""

    def __init__(self, reason: Literal["invalid", "country"]) -> None:
        super().__init__(reason)
        self.reason: Literal["invalid", "country"] = reason


def parse_phone(text: str, *, allowed_prefixes: Sequence[str]) -> str:
    """Return a typed number in E.164; without a country it is read as Russian (8 916 …, 916 …).

    Raises:
        PhoneError: "invalid" if it is no mobile number, "country" if its prefix is not allowed.
    """
    if len(text) > MAX_INPUT_CHARS:
        raise PhoneError("invalid")
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException as error:
        raise PhoneError("invalid") from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise PhoneError("invalid")
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not formatted.startswith(tuple(allowed_prefixes)):
        raise PhoneError("country")
    if phonenumbers.number_type(number) not in _MOBILE:
        raise PhoneError("invalid")
    return formatted


def number_block(phone: str) -> str:
    """Return the block of a million neighbouring numbers that an E.164 number lies in (`+79161`).

    Operators sell ranges of this size and SMS fraud fills them; it does not tell a person.
    """
    return phone[:-_BLOCK_DIGITS]
