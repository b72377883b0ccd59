import pytest

from radius.protocol.attributes import Code
from radius.proxy.filter import passes, vendor_passes


@pytest.mark.parametrize("kind", [1, 24, 25, 27, 79, 89])
def test_what_every_home_server_may_say(kind):
    assert passes(Code.ACCESS_ACCEPT, kind, trusted=False)


@pytest.mark.parametrize("kind", [6, 11, 18, 64, 65, 69, 81, 92, 241, 245])
def test_vlan_and_filter_are_said_by_trusted_ones_only(kind):
    assert not passes(Code.ACCESS_ACCEPT, kind, trusted=False)
    assert passes(Code.ACCESS_ACCEPT, kind, trusted=True)


def test_a_reject_says_why():
    assert passes(Code.ACCESS_REJECT, 18, trusted=False)


@pytest.mark.parametrize("kind", [33, 80])
def test_what_belongs_to_one_hop_never_passes(kind):
    assert not passes(Code.ACCESS_ACCEPT, kind, trusted=True)


@pytest.mark.parametrize(
    ("vendor", "kind", "passed"),
    [(311, 16, True), (311, 17, True), (14122, 8, True), (14122, 13, True), (14122, 4, False), (9, 1, False)],
)
def test_vendors(vendor, kind, passed):
    assert vendor_passes(vendor, kind, trusted=False) is passed
    assert vendor_passes(vendor, kind, trusted=True)
