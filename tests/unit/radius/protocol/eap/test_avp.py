from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.avp import Avp, encode_avp, parse_avps
from radius.protocol.errors import DropReason, MalformedError

AVPS = st.builds(
    Avp, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=300), st.booleans()
)


@given(st.lists(AVPS, max_size=20))
def test_there_and_back(avps):
    octets = b"".join(map(encode_avp, avps))
    assert len(octets) % 4 == 0
    assert parse_avps(octets) == avps


def test_the_last_padding_may_be_missing():
    assert parse_avps(bytes.fromhex("00000001 40000009 61")) == [Avp(1, 0, b"a")]


@pytest.mark.parametrize(
    "octets",
    [
        "00",
        "00000001 400000",
        "00000001 40000007",
        "00000001 4000000a 61",
        "00000001 80000008",
        "00000001 80000008 00000000",
    ],
)
def test_cut_short(octets):
    with pytest.raises(MalformedError) as caught:
        parse_avps(bytes.fromhex(octets))
    assert caught.value.reason is DropReason.EAP_MALFORMED


def test_too_many():
    with pytest.raises(MalformedError):
        parse_avps(encode_avp(Avp(1, 0, b"")) * 65)


@given(st.binary(max_size=200))
def test_any_octets_parse_or_are_malformed(octets):
    with suppress(MalformedError):
        parse_avps(octets)
