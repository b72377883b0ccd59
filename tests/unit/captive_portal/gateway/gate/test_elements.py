import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.gateway.gate.element_dump import parse_elements
from captive_portal.gateway.gate.elements import (
    MAX_ELEMENTS,
    NFT_MSG_NEWSETELEM,
    Batch,
    Counter,
    Element,
    Limit,
    SetName,
    encode_client_key,
    encode_dump,
    encode_get,
    encode_ip_key,
    parse_client_key,
    parse_ip_key,
)
from captive_portal.gateway.gate.netlink import NLM_F_ACK, NetlinkFormatError, parse_messages
from controller.core.mac import Mac

TARGET = SetName("kolco", "up")
macs = st.binary(min_size=6, max_size=6).map(lambda raw: Mac(raw.hex(":")))


def sent(batch):
    data, last = batch.encode()
    return list(parse_messages(data)), last


@given(st.ip_addresses(v=4).map(str), macs)
def test_keys_round_trip(ip, mac):
    assert parse_client_key(encode_client_key(ip, mac)) == (ip, mac)
    assert parse_ip_key(encode_ip_key(ip)) == ip


@given(st.binary(max_size=16))
def test_keys_of_another_length_are_refused(key):
    for parse, length in ((parse_client_key, 12), (parse_ip_key, 4)):
        if len(key) != length:
            with pytest.raises(NetlinkFormatError):
                parse(key)


def test_a_batch_is_one_transaction_with_one_acknowledgement():
    batch = Batch(10)
    batch.add(TARGET, [Element(b"aaaa")])
    batch.delete(TARGET, [Element(b"bbbb", comment="x")])
    messages, last = sent(batch)
    assert [message.kind & 0xFF for message in messages] == [0x10, 12, 14, 0x11]
    assert [message.sequence for message in messages] == [10, 11, 12, 13]
    assert last == 12
    assert [bool(message.flags & NLM_F_ACK) for message in messages] == [False, False, True, False]


def test_replacing_works_on_kernels_without_destroy():
    batch = Batch(1)
    batch.replace(TARGET, [Element(b"aaaa", timeout_ms=5)])
    assert [message.kind & 0xFF for message in sent(batch)[0][1:-1]] == [12, 14, 12]


@pytest.mark.parametrize("comment", [None, "s" * 100])
def test_messages_stay_within_bounds(comment):
    many = [
        Element(index.to_bytes(12, "big"), counter=Counter(1, 1), limit=Limit(1, 1), comment=comment)
        for index in range(2_500)
    ]
    batch = Batch(1)
    batch.add(TARGET, many)
    messages = [message for message in sent(batch)[0] if message.kind == NFT_MSG_NEWSETELEM]
    found = [parse_elements(message.payload) for message in messages]
    assert [element for part in found for element in part] == many
    assert max(map(len, found)) <= MAX_ELEMENTS
    assert max(len(message.payload) for message in messages) < 65_536


def test_an_empty_batch_is_not_sent():
    batch = Batch(1)
    batch.add(TARGET, [])
    assert len(batch) == 0
    with pytest.raises(ValueError, match="without changes"):
        batch.encode()


def test_a_comment_has_a_bound():
    with pytest.raises(ValueError, match="127"):
        Batch(1).add(TARGET, [Element(b"aaaa", comment="x" * 128)])


def test_questions():
    (dump,) = parse_messages(encode_dump(TARGET, 4))
    (get,) = parse_messages(encode_get(TARGET, b"aaaa", 5))
    assert (dump.sequence, get.sequence) == (4, 5)
    assert parse_elements(get.payload) == [Element(b"aaaa")]
