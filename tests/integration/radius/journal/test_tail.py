import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.journal.format import HEADER_LENGTH, encode_accounting, encode_names, parse_payload
from radius.journal.segments import create_segment, list_segments, open_directory, path_of, write_all
from radius.journal.tail import Ended, Tail

NAMES = encode_names("nas", "192.0.2.1")


class Writer:
    """A segment written by hand."""

    def __init__(self, directory):
        open_directory(directory)
        made = create_segment(directory)
        self.id, self._descriptor = made.id, made.descriptor
        self.ends = []
        self._size = HEADER_LENGTH

    def write(self, moment, body):
        self.raw(encode_accounting(moment, NAMES, body))
        self.ends.append(self._size)

    def raw(self, data):
        write_all(self._descriptor, data)
        self._size += len(data)

    def close(self):
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


@pytest.fixture
def make_writer(directory):
    writers = []

    def make():
        writers.append(Writer(directory))
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()


@pytest.fixture
def tail(directory):
    open_directory(directory)
    opened = Tail(directory)
    yield opened
    opened.close()


def bodies(items):
    return [parse_payload(item.payload).body for item in items]


def open_all(tail):
    for segment in tail.find_new():
        tail.open(segment, 0)


def test_records_of_all_writers_come_in_the_order_they_were_received(make_writer, tail):
    one, other = make_writer(), make_writer()
    for moment, writer, body in ((1, one, b"a"), (2, other, b"b"), (3, one, b"c"), (4, other, b"d")):
        writer.write(moment, body)
    open_all(tail)
    assert bodies(tail.read(3)) == [b"a", b"b", b"c"]
    one.write(5, b"e")
    assert bodies(tail.read(9)) == [b"d", b"e"]
    assert tail.read(9) == []


def test_a_clock_that_goes_back_does_not_change_the_order_of_a_segment(make_writer, tail):
    writer = make_writer()
    writer.write(9, b"first")
    writer.write(1, b"second")
    open_all(tail)
    assert bodies(tail.read(1) + tail.read(1)) == [b"first", b"second"]


def test_reading_begins_behind_what_is_applied(make_writer, tail):
    writer = make_writer()
    writer.write(1, b"a")
    writer.write(2, b"b")
    tail.open(writer.id, writer.ends[0])
    assert bodies(tail.read(9)) == [b"b"]


def test_a_segment_ends_when_all_is_applied_and_its_writer_gone(make_writer, tail, directory):
    writer = make_writer()
    writer.write(1, b"a")
    open_all(tail)
    tail.read(9)
    writer.close()
    assert tail.take_ended() == []  # read, but not applied
    tail.advance({writer.id: writer.ends[-1]})
    assert tail.backlog_bytes == 0
    assert tail.take_ended() == [Ended(writer.id, "whole")]
    tail.retire(Ended(writer.id, "whole"))
    assert list_segments(directory) == []
    assert tail.find_new() == []


def test_what_the_writer_wrote_last_is_not_missed(make_writer, tail):
    writer = make_writer()
    open_all(tail)
    assert tail.read(9) == []
    writer.write(1, b"last")
    writer.close()
    assert tail.take_ended() == []
    assert bodies(tail.read(9)) == [b"last"]


def test_an_end_that_is_torn_is_cut(make_writer, tail, directory):
    writer = make_writer()
    writer.write(1, b"a")
    writer.raw(encode_accounting(2, NAMES, b"torn")[:-1])
    open_all(tail)
    assert bodies(tail.read(9)) == [b"a"]
    tail.advance({writer.id: writer.ends[-1]})
    assert tail.take_ended() == []  # perhaps the rest is on its way
    writer.close()
    assert tail.take_ended() == [Ended(writer.id, "torn")]


def test_a_damaged_segment_is_kept(make_writer, tail, directory):
    writer = make_writer()
    writer.write(1, b"a")
    writer.write(2, b"b")
    writer.close()
    path = path_of(directory, writer.id)
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(octets)
    open_all(tail)
    assert bodies(tail.read(9)) == [b"a"]
    tail.advance({writer.id: writer.ends[0]})
    (ended,) = tail.take_ended()
    assert ended.how == "damaged"
    tail.retire(ended)
    assert (directory / f"{writer.id}.damaged").exists()
    assert list_segments(directory) == []


def test_the_oldest_that_waits_is_known(make_writer, tail):
    writer = make_writer()
    for moment in (5, 6, 7):
        writer.write(moment, b"x")
    open_all(tail)
    assert tail.oldest is None
    tail.read(1)
    assert tail.oldest is None or tail.oldest == 6
    assert tail.backlog_bytes > 0


def test_no_more_segments_are_open_than_needed(make_writer, tail, monkeypatch):
    monkeypatch.setattr("radius.journal.tail._MOST_OPEN", 2)
    writers = [make_writer() for _ in range(3)]
    for moment, writer in enumerate(writers, 1):
        writer.write(moment, b"x")
    open_all(tail)
    assert len(tail.read(9)) == 2
    assert tail.find_new() == []
    assert tail.backlog_bytes > writers[2].ends[-1]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.data())
def test_whatever_a_crash_leaves_the_whole_records_are_read(written, data):
    with tempfile.TemporaryDirectory() as name:
        writer = Writer(Path(name))
        for body in written:
            writer.write(1, body)
        writer.close()
        path = path_of(Path(name), writer.id)
        octets = bytearray(path.read_bytes())
        cut = data.draw(st.integers(0, len(octets)))
        del octets[cut:]
        end = cut
        if octets and data.draw(st.booleans()):
            end = data.draw(st.integers(0, len(octets) - 1))
            octets[end] ^= data.draw(st.integers(1, 255))
        octets += data.draw(st.binary(max_size=30).map(bytes) | st.just(bytes(30)))
        path.write_bytes(octets)
        tail = Tail(Path(name))
        open_all(tail)
        read = tail.read(99)
        whole = [at for at in writer.ends if at <= end] if end >= HEADER_LENGTH else []
        assert [item.end for item in read][: len(whole)] == whole
        assert bodies(read)[: len(whole)] == written[: len(whole)]
        assert len(read) == len(whole)
        if read:
            tail.advance({writer.id: read[-1].end})
        assert len(tail.take_ended()) == 1
        tail.close()
