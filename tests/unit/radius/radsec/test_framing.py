from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import encode_packet
from radius.radsec.framing import Framer


def packet(size):
    return encode_packet(1, 0, bytes(16), [(26, bytes(253))] * (size // 255))


@given(st.lists(st.integers(0, 4076), min_size=1, max_size=8), st.data())
def test_packets_come_out_however_the_stream_is_cut(sizes, data):
    packets = [packet(size) for size in sizes]
    stream = b"".join(packets)
    framer = Framer()
    found = []
    while stream:
        step = data.draw(st.integers(1, len(stream)))
        found += framer.receive(stream[:step])
        stream = stream[step:]
    assert found == packets
    assert framer.waiting == 0


@given(st.lists(st.binary(max_size=5000), max_size=20))
def test_any_stream_is_cut_or_refused_and_nothing_piles_up(chunks):
    framer = Framer()
    with suppress(MalformedError):
        for chunk in chunks:
            for one in framer.receive(chunk):
                assert len(one) == int.from_bytes(one[2:4], "big")
            assert framer.waiting < 4096


@pytest.mark.parametrize("length", [0, 19, 4097, 65535])
def test_an_impossible_length_ends_the_stream(length):
    framer = Framer()
    assert framer.receive(packet(0) + b"\1\0") == [packet(0)]
    with pytest.raises(MalformedError, match=DropReason.BAD_LENGTH):
        framer.receive(length.to_bytes(2, "big"))
