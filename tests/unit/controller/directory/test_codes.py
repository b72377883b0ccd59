import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from controller.directory.codes import (
    VOUCHER_ALPHABET,
    check_e164,
    make_voucher_code,
    mask_phone,
    normalise_voucher_code,
)


def test_a_code_is_read_back_however_it_is_typed():
    code = make_voucher_code(random.Random(1).choice)
    assert len(code) == 17
    assert set(code) - {"-"} <= set(VOUCHER_ALPHABET)
    assert normalise_voucher_code(f" {code.lower().replace('-', ' ')}") == code.replace("-", "")


def test_a_code_cannot_be_guessed():
    assert len(VOUCHER_ALPHABET) ** 15 > 2**60


@given(st.text())
def test_any_text_can_be_normalised(text):
    assert normalise_voucher_code(text).isalnum() or not normalise_voucher_code(text)


def test_a_masked_number_shows_its_ends_only():
    assert mask_phone("+79991234567") == "+79•••••••67"


@pytest.mark.parametrize(
    "phone", ["", "+", "79991234567", "+7999", "+7999123456789012", "+7999 123", "+７９９９１２３４５６７"]
)
def test_what_is_no_number_is_refused(phone):
    with pytest.raises(InvalidInputError):
        check_e164(phone)


def test_a_number_passes():
    assert check_e164("+79991234567") == "+79991234567"
