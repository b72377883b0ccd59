"""Languages: which one, and that none lacks a text."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.translations import LANGUAGES, choose_language, message_ids, translator

PORTAL = Path(str(files("captive_portal.portal")))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ru"),
        ("*", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-GB,en;q=0.9", "en"),
        ("en;q=0.3, ru;q=0.7", "ru"),
        ("zh-CN", "en"),
        ("uz", "ru"),
        ("en;q=0", "ru"),
        ("en;q=nan", "ru"),
        ("en;q=2", "ru"),
        (";;;,,", "ru"),
    ],
)
def test_language_of_a_request(header: str, language: str) -> None:
    assert choose_language(header) == language


@given(st.text(max_size=200))
def test_any_header_gives_a_language(header: str) -> None:
    assert choose_language(header) in LANGUAGES


def test_languages_have_the_same_texts() -> None:
    assert message_ids("ru") == message_ids("en")


def test_texts_and_their_uses_agree() -> None:
    sources = [*PORTAL.rglob("*.py"), *PORTAL.rglob("*.html")]
    words = set(re.findall(r"\"([a-z]+(?:-[a-z]+)*)\"", "\n".join(path.read_text() for path in sources)))
    made = {"fault-phone-invalid", "fault-phone-country"}  # from the reason
    assert message_ids("ru") <= words | made, "texts nobody shows"
    asked = {
        found
        for path in PORTAL.rglob("*.html")
        for found in re.findall(r"\bt\(\"([^\"]+)\"", path.read_text())
    }
    assert asked <= message_ids("ru"), "texts that are missing"


def test_a_text_that_is_missing_or_lacks_a_value_is_an_error() -> None:
    with pytest.raises(LookupError):
        translator("en")("no-such-text")
    with pytest.raises(LookupError):
        translator("en")("fault-cooldown")


def test_russian_plurals() -> None:
    t = translator("ru")
    assert "Осталась 1 попытка" in t("fault-code-wrong", left=1)
    assert "Осталось 3 попытки" in t("fault-code-wrong", left=3)
    assert "Осталось 5 попыток" in t("fault-code-wrong", left=5)


def test_a_code_keeps_its_zeros_and_the_message_is_one_sms() -> None:
    for language in LANGUAGES:
        text = translator(language)("sms-text", code="000042")
        assert "000042" in text
        assert len(text) <= 70
