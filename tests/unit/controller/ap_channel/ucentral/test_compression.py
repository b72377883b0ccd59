import base64
import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ap_channel.ucentral.compression import deflate, inflate
from controller.ap_channel.ucentral.errors import Reason, RemoteProtocolError


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


@given(st.binary(max_size=4096))
def test_round_trip(data):
    wire = deflate(data)
    assert wire["compress_sz"] == len(data)
    assert inflate(wire["compress_64"]) == data


def test_a_bomb_is_refused_without_inflating_it():
    bomb = packed(zlib.compress(b"\0" * 50_000_000, 9))
    assert len(bomb) < 100_000
    with pytest.raises(RemoteProtocolError) as caught:
        inflate(bomb, limit=1000)
    assert caught.value.reason is Reason.INFLATED_TOO_BIG


def test_the_limit_itself_is_allowed():
    assert inflate(deflate(b"x" * 1000)["compress_64"], limit=1000) == b"x" * 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        "é",
        packed(b"not zlib"),
        packed(zlib.compress(b"hello" * 100)[:-6]),
        packed(zlib.compress(b"hello") + b"more"),
    ],
)
def test_broken_input_is_refused(text):
    with pytest.raises(RemoteProtocolError) as caught:
        inflate(text)
    assert caught.value.reason is Reason.BAD_COMPRESSION


@given(st.text(max_size=200) | st.binary(max_size=200).map(packed))
def test_anything_inflates_or_is_refused(text):
    with contextlib.suppress(RemoteProtocolError):
        assert len(inflate(text, limit=500)) <= 500
