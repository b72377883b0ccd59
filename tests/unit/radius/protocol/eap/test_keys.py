from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.keys import derive_msk, encode_mppe_keys, read_mppe_keys
from radius.protocol.eap.packet import EapType
from radius.protocol.packet import encode_vendor, iter_vendor


@pytest.mark.parametrize(
    ("kind", "tls13", "asked"),
    [
        (EapType.TLS, False, (b"client EAP encryption", 64, None)),
        (EapType.PEAP, False, (b"client EAP encryption", 64, None)),
        (EapType.TTLS, False, (b"ttls keying material", 64, None)),
        (EapType.TLS, True, (b"EXPORTER_EAP_TLS_Key_Material", 128, b"\x0d")),
        (EapType.TTLS, True, (b"EXPORTER_EAP_TLS_Key_Material", 128, b"\x15")),
        (EapType.PEAP, True, (b"EXPORTER_EAP_TLS_Key_Material", 128, b"\x19")),
    ],
)
def test_labels_and_contexts(kind, tls13, asked):
    seen = []

    def export(*arguments):
        seen.append(arguments)
        return bytes(range(arguments[1]))

    assert derive_msk(kind, export, tls13=tls13) == bytes(range(64))
    assert seen == [asked]


def reveal(value, secret, authenticator):
    """RFC 2548 §2.4.2, backwards."""
    salt, hidden = value[:2], value[2:]
    previous, plain = authenticator + salt, b""
    for at in range(0, len(hidden), 16):
        pad = md5(secret + previous).digest()
        previous = hidden[at : at + 16]
        plain += bytes(a ^ b for a, b in zip(previous, pad, strict=True))
    return plain[1 : 1 + plain[0]]


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=4, max_size=4))
def test_the_nas_can_read_both_keys(msk, salts):
    secret, authenticator = b"secret", bytes(range(16))
    attributes = encode_mppe_keys(msk, secret, authenticator, salts)
    keys = {kind: value for vendor, kind, value in iter_vendor(attributes) if vendor == 311}
    assert reveal(keys[17], secret, authenticator) == msk[:32]
    assert reveal(keys[16], secret, authenticator) == msk[32:]
    assert keys[16][:2] != keys[17][:2]
    assert all(value[0] & 0x80 and len(value) == 50 for value in keys.values())
    assert read_mppe_keys(attributes, secret, authenticator) == msk


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_any_keys_are_read(values):
    attributes = [encode_vendor(311, kind, value) for kind, value in zip((16, 17, 17), values, strict=False)]
    assert len(read_mppe_keys(attributes, b"secret", bytes(16))) <= 2 * 60
