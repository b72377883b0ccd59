"""Texts to short messages and back, by an independent reading of the same standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib.gsm import make_parts

from captive_portal.portal.sms.encoding import GSM7, UCS2, encode_text


def test_latin_goes_as_gsm7_and_cyrillic_as_ucs2() -> None:
    latin = encode_text("Your code: 123456 {€}")
    assert latin.data_coding == GSM7
    assert latin.parts == (b"Your code: 123456 \x1b\x28\x1b\x65\x1b\x29",)
    cyrillic = encode_text("Код 123456")
    assert cyrillic.data_coding == UCS2
    assert cyrillic.parts == ("Код 123456".encode("utf-16-be"),)
    assert not cyrillic.has_header


@given(st.text(st.sampled_from("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./019:;<=>?¡AZÄÖÑÜ¿azäöñüà")))
def test_gsm7_agrees_with_smpplib(text: str) -> None:
    encoded = encode_text(text)
    assert encoded.data_coding == GSM7
    if len(text) <= 160:
        assert list(encoded.parts) == make_parts(text)[0]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=1500), st.integers(0, 255))
def test_parts_fit_and_join_to_the_text(text: str, reference: int) -> None:
    encoded = encode_text(text, reference=reference)
    total = len(encoded.parts)
    joined = b""
    for number, part in enumerate(encoded.parts, start=1):
        if encoded.has_header:
            assert part[:6] == bytes((5, 0, 3, reference, total, number))
            assert len(part) <= (159 if encoded.data_coding == GSM7 else 140)
            assert not part.endswith(b"\x1b") or encoded.data_coding == UCS2
        else:
            assert len(part) <= (160 if encoded.data_coding == GSM7 else 140)
        joined += part[6:] if encoded.has_header else part
    if encoded.data_coding == UCS2:
        for part in encoded.parts:
            part[6 if encoded.has_header else 0 :].decode("utf-16-be")  # no split surrogates
        assert joined.decode("utf-16-be") == text


def test_too_long_and_impossible_texts() -> None:
    with pytest.raises(ValueError, match="255"):
        encode_text("я" * 67 * 256)
    with pytest.raises(ValueError, match="surrogates"):
        encode_text("\ud800")
