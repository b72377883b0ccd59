import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from controller.core.mac import is_randomised, parse_mac


@pytest.mark.parametrize(
    "text",
    [
        "AA:BB:CC:DD:EE:0F",
        "aa-bb-cc-dd-ee-0f",
        "aabb.ccdd.ee0f",
        "aabbcc-ddee0f",
        "aabbccddee0f",
        " aabbccddee0f ",
    ],
)
def test_every_notation_of_the_field_is_read(text):
    assert parse_mac(text) == "aa:bb:cc:dd:ee:0f"


@pytest.mark.parametrize(
    "text",
    ["", "aa:bb:cc:dd:ee", "aa:bb-cc:dd:ee:ff", "aa:bb:cc:dd:ee:fg", "aabbccddeeff00", "aabb.ccdd-eeff"],
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidInputError, match="not a MAC address"):
        parse_mac(text)


@given(st.text())
def test_any_text_is_a_mac_or_refused(text):
    try:
        mac = parse_mac(text)
    except InvalidInputError:
        return
    assert parse_mac(mac) == mac


def test_a_private_address_is_told_by_its_second_bit():
    assert is_randomised(parse_mac("da:a1:19:00:00:01"))
    assert not is_randomised(parse_mac("dc:a1:19:00:00:01"))
