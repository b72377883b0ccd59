"""Texts as short messages carry them: the GSM 7-bit default alphabet, or UCS-2, in parts.

Pure. Alphabet and limits: 3GPP TS 23.038 §6.2.1; concatenation header: 3GPP TS 23.040 §9.2.3.24.1;
`data_coding` values: SMPP 3.4 §5.2.19. Septets travel one an octet, as SMS centres expect by default.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

GSM7: Final = 0x00
UCS2: Final = 0x08

_ALPHABET: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
_BASIC: Final = {character: bytes((value,)) for value, character in enumerate(_ALPHABET) if value != _ESCAPE}
_EXTENDED: Final = {
    character: bytes((_ESCAPE, value))
    for character, value in {
        "\f": 0x0A,
        "^": 0x14,
        "{": 0x28,
        "}": 0x29,
        "\\": 0x2F,
        "[": 0x3C,
        "~": 0x3D,
        "]": 0x3E,
        "|": 0x40,
        "€": 0x65,
    }.items()
}
_SEPTETS: Final = _BASIC | _EXTENDED
_WHOLE: Final = {GSM7: 160, UCS2: 140}
_PART: Final = {GSM7: 153, UCS2: 134}
_MAX_PARTS: Final = 255


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text ready for `submit_sm`."""

    data_coding: int
    """`GSM7` or `UCS2`."""
    parts: tuple[bytes, ...]
    """Each part's octets, its user data header in front if there are several."""

    @property
    def has_header(self) -> bool:
        """Whether the parts begin with a user data header (esm_class 0x40)."""
        return len(self.parts) > 1


def encode_text(text: str, *, reference: int = 0) -> Encoded:
    """Encode a text in the cheapest alphabet that holds it.

    Args:
        text: any text; no character and no surrogate pair is split between parts.
        reference: 0 to 255, tells apart the parts of different texts.

    Raises:
        ValueError: the text needs more than 255 parts, or holds half a surrogate pair.
    """
    coding = GSM7 if all(character in _SEPTETS for character in text) else UCS2
    units = (
        [_SEPTETS[character] for character in text]
        if coding == GSM7
        else [character.encode("utf-16-be") for character in text]
    )
    if sum(map(len, units)) <= _WHOLE[coding]:
        return Encoded(coding, (b"".join(units),))
    parts = list(_split(units, _PART[coding]))
    if len(parts) > _MAX_PARTS:
        raise ValueError("the text needs more than 255 short messages")
    return Encoded(
        coding,
        tuple(
            bytes((5, 0, 3, reference & 0xFF, len(parts), number)) + part
            for number, part in enumerate(parts, start=1)
        ),
    )


def _split(units: list[bytes], limit: int) -> Iterator[bytes]:
    part = bytearray()
    for unit in units:
        if len(part) + len(unit) > limit:
            yield bytes(part)
            part = bytearray()
        part += unit
    yield bytes(part)
