"""The numbers written by hand agree with the dictionaries."""

import pytest

from radius.protocol import attributes
from radius.protocol.dictionary.definitions import load_dictionary

NUMBERS = {
    name: number
    for name, number in vars(attributes).items()
    if isinstance(number, int) and name.isupper() and not name.startswith(("WISPR", "VENDOR_WISPR"))
}


@pytest.mark.parametrize(
    ("name", "number"), [item for item in NUMBERS.items() if item[0] != "VENDOR_SPECIFIC"]
)
def test_standard_numbers(name, number):
    kind = load_dictionary().find(name.replace("_", "-"))
    assert kind is not None
    assert (kind.vendor, kind.code) == (0, number)


@pytest.mark.parametrize("name", ["WISPR_BANDWIDTH_MAX_UP", "WISPR_BANDWIDTH_MAX_DOWN"])
def test_wispr_numbers(name):
    kind = load_dictionary().find(name.replace("_", "-"))
    assert (kind.vendor, kind.code) == (attributes.VENDOR_WISPR, getattr(attributes, name))


@pytest.mark.parametrize(
    ("attribute", "enumeration"),
    [("Acct-Status-Type", attributes.AcctStatusType), ("Error-Cause", attributes.ErrorCause)],
)
def test_enumerations(attribute, enumeration):
    values = {number: name for name, number in load_dictionary().find(attribute).values.items()}
    for member in enumeration:
        assert member.value in values
