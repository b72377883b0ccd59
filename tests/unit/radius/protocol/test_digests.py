import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.digests import hmac_md5, md5_digest


@given(st.binary(max_size=200))
def test_md5_is_that_of_the_library(message):
    assert md5_digest(message) == hashlib.md5(message).digest()


@given(st.binary(max_size=150), st.binary(max_size=200))
def test_hmac_is_that_of_the_library(secret, message):
    expected = hmac.digest(secret, message, "md5")
    assert hmac_md5(secret, message) == expected
    assert hmac_md5(secret, bytearray(message)) == expected


def test_a_secret_serves_again_and_again():
    assert [hmac_md5(b"k", b"a"), hmac_md5(b"k", b"b"), hmac_md5(b"k", b"a")] == [
        hmac.digest(b"k", message, "md5") for message in (b"a", b"b", b"a")
    ]
