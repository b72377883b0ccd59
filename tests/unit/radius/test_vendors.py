import pytest

from controller.nas.types import VENDORS
from radius.protocol.attributes import VENDOR_SPECIFIC
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.packet import encode_packet, iter_vendor, parse_packet
from radius.vendors import (
    Terms,
    change_attributes,
    filter_attributes,
    quota_attributes,
    rate_attributes,
    term_attributes,
    vlan_attributes,
)

RATES = {
    "generic": {(14122, 7): 5_000_000, (14122, 8): 10_000_000},
    "aruba": {(14122, 7): 5_000_000, (14122, 8): 10_000_000},
    "cambium": {(14122, 7): 5_000_000, (14122, 8): 10_000_000},
    "ruckus": {(14122, 7): 5_000_000, (14122, 8): 10_000_000},
    "chilli": {(14559, 4): 5_000, (14559, 5): 10_000},
    "cisco": {(14179, 13): 5_000, (14179, 7): 10_000},
    "huawei": {(2011, 2): 5_000_000, (2011, 5): 10_000_000},
    "mikrotik": {(14988, 8): b"5000k/10000k"},
}


def inside(attributes):
    return {(vendor, kind): value for vendor, kind, value in iter_vendor(attributes)}


def described(attributes):
    return load_dictionary().describe(attributes)


@pytest.mark.parametrize("vendor", VENDORS)
def test_rates_in_the_units_of_the_maker(vendor):
    found = inside(rate_attributes(vendor, 10_000, 5_000))
    expected = RATES[vendor]
    assert found == {
        key: value if isinstance(value, bytes) else value.to_bytes(4, "big")
        for key, value in expected.items()
    }


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_rates_and_one_rate(vendor):
    assert rate_attributes(vendor, None, None) == []
    assert len(rate_attributes(vendor, 1_000, None)) == 1


def test_a_direction_without_a_limit_is_zero_for_mikrotik():
    assert inside(rate_attributes("mikrotik", 1_000, None)) == {(14988, 8): b"0/1000k"}


def test_rates_that_do_not_fit_are_held_at_the_limit():
    assert inside(rate_attributes("generic", 10_000_000, None)) == {(14122, 8): b"\xff" * 4}


def test_a_vlan_by_the_rfcs():
    assert vlan_attributes("generic", 120) == [(64, b"\0\0\0\x0d"), (65, b"\0\0\0\x06"), (81, b"120")]
    assert described(vlan_attributes("mikrotik", 7))[3:] == [
        ("Mikrotik-Wireless-VLANID", "7"),
        ("Mikrotik-Wireless-VLANID-Type", "0"),
    ]


@pytest.mark.parametrize(
    ("vendor", "standard", "own"),
    [
        ("generic", True, {}),
        ("huawei", True, {}),
        ("aruba", True, {(14823, 1): b"guests"}),
        ("cisco", True, {(14179, 6): b"guests"}),
        ("ruckus", True, {(25053, 1): b"guests"}),
        ("mikrotik", False, {(14988, 19): b"guests"}),
    ],
)
def test_filters_and_roles(vendor, standard, own):
    attributes = filter_attributes(vendor, "guests")
    assert ((11, b"guests") in attributes) is standard
    assert inside(attributes) == own


@pytest.mark.parametrize(
    ("vendor", "low", "high"), [("chilli", (14559, 3), (14559, 23)), ("mikrotik", (14988, 17), (14988, 18))]
)
def test_a_volume_above_four_gigabytes(vendor, low, high):
    found = inside(quota_attributes(vendor, (3 << 32) + 7))
    assert found == {low: (7).to_bytes(4, "big"), high: (3).to_bytes(4, "big")}


def test_makers_without_a_volume():
    assert quota_attributes("generic", 10) == []


def test_all_terms_together():
    terms = Terms(600, 300, 10_000, None, 120, "guests")
    assert described(term_attributes("generic", terms)) == [
        ("Idle-Timeout", "600"),
        ("Acct-Interim-Interval", "300"),
        ("WISPr-Bandwidth-Max-Down", "10000000"),
        ("Tunnel-Type", "VLAN"),
        ("Tunnel-Medium-Type", "IEEE-802"),
        ("Tunnel-Private-Group-Id", "120"),
        ("Filter-Id", "guests"),
    ]


def test_a_change_lifts_a_limit_and_leaves_the_vlan():
    shown = dict(described(change_attributes("generic", Terms(600, 300, None, 5_000, 120, ""))))
    assert shown == {
        "Idle-Timeout": "600",
        "WISPr-Bandwidth-Max-Up": "5000000",
        "WISPr-Bandwidth-Max-Down": "4294967000",
    }


@pytest.mark.parametrize("vendor", VENDORS)
def test_everything_fits_into_a_packet(vendor):
    attributes = [
        *term_attributes(vendor, Terms(600, 300, 4_294_967, 4_294_967, 4094, "f" * 64)),
        *quota_attributes(vendor, 2**63 - 1),
    ]
    parsed = parse_packet(encode_packet(2, 0, bytes(16), attributes))
    assert list(parsed.attributes) == attributes
    assert all(kind != VENDOR_SPECIFIC or inside([(kind, value)]) for kind, value in attributes)
