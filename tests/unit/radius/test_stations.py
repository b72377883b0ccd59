import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.stations import CalledStation, find_mac, parse_called_station

MAC = "00:10:a4:23:19:c0"


@pytest.mark.parametrize(
    "text", ["00-10-A4-23-19-C0", "0010a42319c0", "0010.a423.19c0", MAC, "0010a4-2319c0"]
)
def test_notations_of_the_field(text):
    assert find_mac(text) == MAC
    assert parse_called_station(text) == CalledStation(MAC, "")
    assert parse_called_station(f"{text}:Москва_WiFi:2") == CalledStation(MAC, "Москва_WiFi:2")


@pytest.mark.parametrize("text", [None, "", "somebody", "00-10-A4-23-19", "00-10-A4-23-19-C0x"])
def test_what_is_no_mac(text):
    assert find_mac(text) is None
    assert parse_called_station(text) == CalledStation(None, "")


def test_a_zero_octet_is_no_part_of_a_name():
    assert parse_called_station(f"{MAC}:Ci\0ty") == CalledStation(MAC, "Ci\ufffdty")


@given(st.text())
def test_any_text_is_read(text):
    parse_called_station(text)
    find_mac(text)
