from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.fragments import (
    ACKNOWLEDGEMENT,
    MAX_MESSAGE,
    Assembler,
    Fragment,
    Fragmenter,
    parse_fragment,
)
from radius.protocol.errors import DropReason, MalformedError


@given(message=st.binary(max_size=5000), size=st.integers(1, 1200))
def test_pieces_make_the_message_again(message, size):
    fragmenter, assembler = Fragmenter(size), Assembler()
    piece = fragmenter.begin(message)
    assert bool(piece[0] & 0x80) == (len(message) > size)  # the length is told only where it is needed
    while (whole := assembler.add(parse_fragment(piece))) is None:
        assert assembler.waiting
        assert fragmenter.waiting
        piece = fragmenter.next()
        assert not piece[0] & 0x80
        assert len(piece) <= size + 1
    assert whole == message
    assert not fragmenter.waiting
    assert not assembler.waiting


def test_an_empty_message_is_an_acknowledgement():
    assert Fragmenter(100).begin(b"") == ACKNOWLEDGEMENT
    assert parse_fragment(ACKNOWLEDGEMENT) == Fragment(False, None, b"")


@pytest.mark.parametrize("data", ["", "80", "80000000", "20", "01", "40", "c000000010"])
def test_what_no_response_begins_with(data):
    with pytest.raises(MalformedError) as caught:
        parse_fragment(bytes.fromhex(data))
    assert caught.value.reason is DropReason.EAP_MALFORMED


@pytest.mark.parametrize(
    "fragments",
    [
        [Fragment(False, 3, b"four")],
        [Fragment(False, 5, b"four")],
        [Fragment(True, 6, b"four"), Fragment(False, 7, b"and")],
        [Fragment(True, 6, b"four"), Fragment(False, None, b"and")],
        [Fragment(True, 2**32 - 1, bytes(MAX_MESSAGE)), Fragment(True, None, b"1")],
        [Fragment(True, None, bytes(MAX_MESSAGE + 1))],
    ],
)
def test_fragments_that_do_not_fit(fragments):
    assembler = Assembler()
    for fragment in fragments[:-1]:
        assert assembler.add(fragment) is None
    with pytest.raises(MalformedError) as caught:
        assembler.add(fragments[-1])
    assert caught.value.reason is DropReason.EAP_FRAGMENT


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_octets_are_taken_or_refused(datas):
    assembler = Assembler()
    for data in datas:
        with suppress(MalformedError):
            assembler.add(parse_fragment(data))
