"""Codes and numbers that people type: vouchers and phone numbers. Pure but for the random source given."""

from collections.abc import Callable

from controller.core.errors import InvalidInputError

VOUCHER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0, 1, I, L, O: a code is read from paper."""
VOUCHER_LENGTH = 15
"""74 bits: it cannot be guessed."""
_GROUP = 5


def make_voucher_code(choose: Callable[[str], str]) -> str:
    """Return a code like `7K2QM-4XPRT-9HJWD`; `choose` picks a random character of a text."""
    letters = "".join(choose(VOUCHER_ALPHABET) for _ in range(VOUCHER_LENGTH))
    return "-".join(letters[i : i + _GROUP] for i in range(0, VOUCHER_LENGTH, _GROUP))


def normalise_voucher_code(text: str) -> str:
    """Return what was typed without spaces and hyphens, in capitals; any text is taken."""
    return "".join(character for character in text.upper() if character.isalnum())


def mask_phone(phone: str) -> str:
    """Return an E.164 number with the middle hidden: `+7 9•• •••-••-67`."""
    digits = phone.removeprefix("+")
    return f"+{digits[:2]}{'•' * max(len(digits) - 4, 0)}{digits[-2:]}"


def check_e164(phone: str) -> str:
    """Return the number if it has the shape of E.164.

    Raises:
        InvalidInputError: it has not.
    """
    digits = phone.removeprefix("+")
    if not (phone.startswith("+") and digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):  # noqa: PLR2004 - ITU-T E.164 §6
        raise InvalidInputError("not a phone number", hint="write it as +79991234567", field="phone")
    return phone
