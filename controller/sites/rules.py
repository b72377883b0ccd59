"""What identifiers, names and coordinates of places may be. Pure."""

import math
import re
import unicodedata

from controller.core.errors import InvalidInputError

SLUG_MAX = 63
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def check_slug(slug: str, what: str) -> str:
    """Return an identifier of lower-case letters, digits and dashes, or raise InvalidInputError."""
    if len(slug) > SLUG_MAX or not _SLUG.fullmatch(slug):
        raise InvalidInputError(
            f"{what} {slug!r} is not an identifier", hint=f"use a-z, 0-9 and dashes, {SLUG_MAX} at most"
        )
    return slug


def check_text(text: str, what: str, limit: int) -> str:
    """Return a name in Unicode form NFC, or raise InvalidInputError; `limit` is in characters."""
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > limit:
        raise InvalidInputError(f"{what} is {len(text)} characters long, at most {limit} are kept")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text):
        raise InvalidInputError(f"{what} holds a control character")
    return text


def check_name(text: str, what: str, limit: int = 200) -> str:
    """Return a name that is not empty, or raise InvalidInputError."""
    name = check_text(text, what, limit)
    if not name:
        raise InvalidInputError(f"{what} is empty")
    return name


def check_place(latitude: float, longitude: float) -> None:
    """Raise InvalidInputError for coordinates that are on no map."""
    if not (math.isfinite(latitude) and -90 <= latitude <= 90):  # noqa: PLR2004  degrees
        raise InvalidInputError(f"latitude {latitude:g} is not between -90 and 90")
    if not (math.isfinite(longitude) and -180 <= longitude <= 180):  # noqa: PLR2004  degrees
        raise InvalidInputError(f"longitude {longitude:g} is not between -180 and 180")
