import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.errors import EncodeError, MalformedError
from radius.protocol.password import chap_response, check_chap, hide_password, is_chap_right, unhide_password

# RFC 2865 §7.1: the password "arctangent" under the secret "xyzzy5461"
AUTHENTICATOR = bytes.fromhex("0f403f9473978057bd83d5cb98f4227a")
HIDDEN = bytes.fromhex("0dbe708d93d413ce3196e43f782a0aee")


def test_example_of_the_rfc():
    assert hide_password(b"arctangent", b"xyzzy5461", AUTHENTICATOR) == HIDDEN
    assert unhide_password(HIDDEN, b"xyzzy5461", AUTHENTICATOR) == b"arctangent"


@given(
    st.binary(max_size=128).filter(lambda text: not text.endswith(b"\0")),
    st.binary(min_size=1, max_size=40),
    st.binary(min_size=16, max_size=16),
)
def test_hidden_passwords_come_back(password, secret, authenticator):
    hidden = hide_password(password, secret, authenticator)
    assert len(hidden) % 16 == 0
    assert unhide_password(hidden, secret, authenticator) == password


@given(st.binary(max_size=200))
def test_any_value_unhides_or_is_malformed(value):
    try:
        assert len(unhide_password(value, b"s", AUTHENTICATOR)) <= 128
    except MalformedError:
        assert not value or len(value) % 16 or len(value) > 128


def test_too_long_a_password_is_our_error():
    with pytest.raises(EncodeError):
        hide_password(bytes(129), b"s", AUTHENTICATOR)


def test_chap():
    value = chap_response(7, b"secret", AUTHENTICATOR)
    assert value == b"\7" + hashlib.md5(b"\7secret" + AUTHENTICATOR).digest()
    check_chap(value)
    assert is_chap_right(value, b"secret", AUTHENTICATOR)
    assert not is_chap_right(value, b"other", AUTHENTICATOR)
    with pytest.raises(MalformedError):
        check_chap(value[:-1])
