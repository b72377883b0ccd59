"""Numbers as typed."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.methods.phone import PhoneError, number_block, parse_phone


@pytest.mark.parametrize(
    "typed",
    ["+79161234567", "8 (916) 123-45-67", "9161234567", " +7 916 123 45 67 ", "７９１６１２３４５６７"],
)
def test_every_way_to_write_a_russian_mobile(typed: str) -> None:
    assert parse_phone(typed, allowed_prefixes=("+7",)) == "+79161234567"


@pytest.mark.parametrize(
    "typed", ["", "1", "abc", "+7 916 123", "8 495 123-45-67", "+7916123456789", "9" * 41]
)
def test_what_is_no_mobile_number(typed: str) -> None:
    with pytest.raises(PhoneError) as caught:
        parse_phone(typed, allowed_prefixes=("+7",))
    assert caught.value.reason == "invalid"


def test_numbers_of_other_countries_cost_money_and_get_no_code() -> None:
    with pytest.raises(PhoneError) as caught:
        parse_phone("+44 7400 123456", allowed_prefixes=("+7",))
    assert caught.value.reason == "country"
    assert parse_phone("+44 7400 123456", allowed_prefixes=("+7", "+44")) == "+447400123456"
    with pytest.raises(PhoneError):
        parse_phone("+7 701 123 45 67", allowed_prefixes=("+79",))


def test_extensions_are_no_mobile_numbers() -> None:
    with pytest.raises(PhoneError):
        parse_phone("+79161234567 ext. 5", allowed_prefixes=("+7",))


@given(st.text(max_size=60))
def test_any_text_gives_a_number_or_a_reason(typed: str) -> None:
    with suppress(PhoneError):
        phone = parse_phone(typed, allowed_prefixes=("+7",))
        assert re.fullmatch(r"\+7\d{10}", phone)


def test_a_block_is_a_million_numbers() -> None:
    assert number_block("+79161234567") == "+79161"
