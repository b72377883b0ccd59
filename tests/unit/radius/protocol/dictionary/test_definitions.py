import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.errors import EncodeError

DICTIONARY = load_dictionary()


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("Session-Timeout", "3600", "3600"),
        ("Service-Type", "Call-Check", "Call-Check"),
        ("service-type", "10", "Call-Check"),
        ("User-Name", "дом", "дом"),
        ("NAS-IP-Address", "192.0.2.1", "192.0.2.1"),
        ("Class", "0x0102", "0x0102"),
        ("Class", "text", "0x74657874"),
        ("Tunnel-Type", "VLAN", "VLAN"),
        ("Tunnel-Private-Group-Id", "12", "12"),
        ("WISPr-Bandwidth-Max-Down", "1000", "1000"),
        ("MS-MPPE-Encryption-Policy", "1", "Encryption-Allowed"),
        ("Mikrotik-Rate-Limit", "1M/2M", "1M/2M"),
        ("Aruba-User-Role", "guest", "guest"),
        ("Cisco-AVPair", "a=b", "a=b"),
        ("Ruckus-SSID", "x", "x"),
        ("WBA-Offered-Service", "x", "x"),
        ("WBA-Identity-Provider", "4CITY", "4CITY"),
        ("WBA-Linear-Volume-Rate", "0x5255520000000001", "0x5255520000000001"),
        ("HS20-Terms-And-Conditions-URL", "https://x.example", "https://x.example"),
        ("HS20-AP-Version", "1", "1"),
        ("Operator-Name", "4CITY:RU", "4CITY:RU"),
        ("Chargeable-User-Identity", "0x00", "0x00"),
        ("EAP-Key-Name", "0x00", "0x00"),
        ("NAS-IPv6-Address", "2001:db8::1", "2001:db8::1"),
        ("Framed-IPv6-Prefix", "2001:db8::/56", "2001:db8::/56"),
        ("Delegated-IPv6-Prefix", "2001:db8::/48", "2001:db8::/48"),
        ("Framed-Interface-Id", "1:2:3:4", "1:2:3:4"),
        ("Error-Cause", "503", "Session-Context-Not-Found"),
        ("WLAN-Pairwise-Cipher", "1", "1"),
    ],
)
def test_values_are_written_and_read(name, text, shown):
    attribute = DICTIONARY.encode(name, text)
    assert [value for _, value in DICTIONARY.describe([attribute])] == [shown]


def test_passwords_are_not_shown():
    assert DICTIONARY.describe([(2, b"hidden octets")]) == [("User-Password", "(hidden)")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("No-Such", "1"),
        ("Session-Timeout", "soon"),
        ("NAS-IP-Address", "1.2.3"),
        ("Class", "0xzz"),
        ("Class", "x" * 254),
    ],
)
def test_wrong_text_is_refused(name, text):
    with pytest.raises(EncodeError):
        DICTIONARY.encode(name, text)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=253)), max_size=5))
def test_any_attributes_can_be_shown(attributes):
    for name, value in DICTIONARY.describe(attributes):
        assert name
        assert isinstance(value, str)


def test_extended_attributes_are_shown_whole():
    assert DICTIONARY.describe([(241, b"\x08ab"), (245, b"\x09\x80a"), (245, b"\x09\x00b")]) == [
        ("Operator-NAS-Identifier", "0x6162"),
        ("Extended-245.9", "0x6162"),
    ]


def test_unknown_attributes_are_shown_by_number():
    assert DICTIONARY.describe([(250, b"\1")]) == [("Attribute-250", "0x01")]
    assert DICTIONARY.describe([(26, b"\0\0\0\7\1\3a")]) == [("Vendor-7-1", "0x61")]
    assert DICTIONARY.describe([(26, b"\0")]) == [("Vendor-Specific", "0x00")]
    assert len(DICTIONARY) > 400
