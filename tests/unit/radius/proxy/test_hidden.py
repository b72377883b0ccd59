import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.keys import encode_mppe_keys, read_mppe_keys
from radius.protocol.errors import MalformedError
from radius.protocol.packet import encode_vendor, iter_vendor
from radius.protocol.password import hide_password, unhide_password
from radius.proxy.hidden import Key, rehide, rehide_salted

KEYS = st.builds(Key, st.binary(min_size=1, max_size=40), st.binary(min_size=16, max_size=16))


@given(st.binary(min_size=1, max_size=128).filter(lambda text: not text.endswith(b"\0")), KEYS, KEYS)
def test_a_password_is_the_same_behind_another_secret(password, old, new):
    hidden = hide_password(password, old.secret, old.authenticator)
    assert unhide_password(rehide(hidden, old, new), new.secret, new.authenticator) == password


@given(st.binary(min_size=64, max_size=64), KEYS, KEYS, st.binary(min_size=4, max_size=4))
def test_air_keys_are_the_same_behind_another_secret(msk, old, new, salts):
    hidden = encode_mppe_keys(msk, old.secret, old.authenticator, salts)
    again = [
        encode_vendor(vendor, kind, rehide_salted(value, old, new))
        for vendor, kind, value in iter_vendor(hidden)
    ]
    assert read_mppe_keys(again, new.secret, new.authenticator) == msk


@given(st.binary(max_size=253), KEYS, KEYS)
def test_a_tagged_value_comes_back_from_there_and_back(value, old, new):
    if len(value) < 19 or (len(value) - 3) % 16:
        with pytest.raises(MalformedError):
            rehide_salted(value, old, new, tagged=True)
    else:
        there = rehide_salted(value, old, new, tagged=True)
        assert there[:3] == value[:3]
        assert rehide_salted(there, new, old, tagged=True) == value


@pytest.mark.parametrize("value", [b"", b"x", b"x" * 17])
def test_half_blocks_are_refused(value):
    with pytest.raises(MalformedError):
        rehide(value, Key(b"a", bytes(16)), Key(b"b", bytes(16)))
