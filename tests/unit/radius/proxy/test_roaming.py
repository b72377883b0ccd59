import pytest

from radius.protocol.packet import encode_vendor
from radius.proxy.roaming import CUI_WANTED, Operator, is_operator_name, kept_for_accounting

CITY = Operator("4CITY:RU", True, "OpenRoaming Bronze", "4CLEAR", "")


@pytest.mark.parametrize("text", ["4CITY:RU", "4METRO.CITY:US", "1city.example", "0RUSCT"])
def test_operator_names(text):
    assert is_operator_name(text)


@pytest.mark.parametrize(
    "text", ["", "CITY", "4CITY", "4city:ru", "1City.example", "2x", "4CITY:RUS", "1a" + "b" * 300]
)
def test_what_is_no_operator_name(text):
    assert not is_operator_name(text)


def test_a_request_says_who_we_are_and_asks_for_a_cui():
    added = CITY.additions([(1, b"u@a.example")], access=True)
    assert added == [
        (126, b"4CITY:RU"),
        CUI_WANTED,
        encode_vendor(14122, 12, b"OpenRoaming Bronze"),
        encode_vendor(14122, 13, b"4CLEAR"),
    ]
    assert CUI_WANTED not in CITY.additions([], access=False)
    assert Operator("", want_cui=False).additions([], access=True) == []


def test_what_another_proxy_said_stays():
    present = [
        (126, b"1a.example"),
        (89, b"\0"),
        encode_vendor(14122, 13, b"4OTHER"),
        encode_vendor(9, 12, b"x"),
    ]
    assert CITY.additions(present, access=True) == [encode_vendor(14122, 12, b"OpenRoaming Bronze")]


def test_accounting_repeats_what_wba_says_and_the_cui():
    accept = [
        (89, b"person"),
        encode_vendor(14122, 13, b"4CLEAR"),
        encode_vendor(14122, 16, b"4IDP"),
        encode_vendor(14122, 7, bytes(4)),
        (25, b"class"),
    ]
    assert kept_for_accounting(accept) == (encode_vendor(14122, 13, b"4CLEAR"), (89, b"person"))
    assert kept_for_accounting([(89, b"\0")]) == ()
