import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.ids import new_id
from radius.journal.format import (
    HEADER_LENGTH,
    Entry,
    Kind,
    encode_accounting,
    encode_decision,
    encode_header,
    encode_names,
    parse_payload,
    read_header,
    read_received_at,
    scan,
)

MOMENT = 1_795_435_200.25
packets = st.lists(st.binary(min_size=20, max_size=60), max_size=12)


def segment(bodies):
    """The octets of a segment and where each record ends."""
    data, ends = encode_header(new_id()), []
    for body in bodies:
        data += encode_accounting(MOMENT, encode_names("nas-1", "192.0.2.1"), body)
        ends.append(len(data))
    return data, ends


def read_all(data):
    """What a reader makes of a file, header first."""
    if read_header(data) is None:
        return []
    return scan(data, HEADER_LENGTH).payloads


def test_a_record_is_read_as_it_was_written():
    data = encode_accounting(MOMENT, encode_names("площадь", "2001:db8::1"), b"packet")
    ((end, payload),) = scan(data, 0, at=100).payloads
    assert end == 100 + len(data)
    assert parse_payload(payload) == Entry(Kind.ACCOUNTING, MOMENT, "площадь", "2001:db8::1", b"packet")
    assert read_received_at(payload) == MOMENT * 1e6


def test_a_decision_has_no_nas_of_its_own():
    ((_, payload),) = scan(encode_decision(MOMENT, b"why"), 0).payloads
    assert parse_payload(payload) == Entry(Kind.DECISION, MOMENT, "", "", b"why")


def test_a_header_names_its_segment():
    name = new_id()
    assert read_header(encode_header(name)) == name
    assert len(encode_header(name)) == HEADER_LENGTH


def test_no_more_records_are_taken_than_asked_for():
    data, ends = segment([b"a" * 20, b"b" * 20, b"c" * 20])
    found = scan(data, HEADER_LENGTH, most=2)
    assert [end for end, _ in found.payloads] == ends[:2]
    assert (found.end, found.damaged) == (ends[1], False)


def test_zeros_are_an_end_and_no_damage():
    data, ends = segment([b"a" * 20])
    found = scan(data + bytes(64), HEADER_LENGTH)
    assert (found.end, found.damaged) == (ends[0], False)


@given(packets, st.data())
def test_of_a_torn_segment_the_whole_records_are_read(bodies, data):
    octets, ends = segment(bodies)
    cut = data.draw(st.integers(0, len(octets)))
    payloads = read_all(octets[:cut])
    assert [end for end, _ in payloads] == [end for end in ends if end <= cut]
    assert [parse_payload(payload).body for _, payload in payloads] == bodies[: len(payloads)]
    if cut >= HEADER_LENGTH:
        assert not scan(octets[:cut], HEADER_LENGTH).damaged


@given(packets, st.data())
def test_of_a_damaged_segment_the_records_before_the_damage_are_read(bodies, data):
    octets, ends = segment(bodies)
    where = data.draw(st.integers(0, len(octets) - 1))
    flipped = bytearray(octets)
    flipped[where] ^= data.draw(st.integers(1, 255))
    payloads = read_all(bytes(flipped))
    whole = [end for end in ends if end <= where] if where >= HEADER_LENGTH else []
    assert [end for end, _ in payloads] == whole
    assert [parse_payload(payload).body for _, payload in payloads] == bodies[: len(whole)]


@given(st.binary(max_size=300))
def test_any_octets_are_scanned(data):
    found = scan(data, 0)
    assert 0 <= found.end <= len(data)
    assert read_header(data) is None


@given(st.binary(min_size=9, max_size=40))
def test_any_payload_is_read_or_refused(payload):
    try:
        assert isinstance(parse_payload(payload), Entry)
    except ValueError:
        return


@pytest.mark.parametrize("payload", [b"\1", b"\1" + bytes(8) + b"\xff", b"\1" + bytes(8) + b"\5\5abc"])
def test_what_no_writer_made_is_refused(payload):
    with pytest.raises(ValueError, match="too short"):
        parse_payload(payload)
