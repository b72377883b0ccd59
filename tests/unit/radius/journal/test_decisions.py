import hashlib

import pytest

from radius.journal.decisions import (
    LONGEST_TRACE,
    DecisionRecord,
    Digests,
    decode_decision_body,
    encode_decision_body,
)


class Keys:
    def digester(self, purpose):
        return lambda value: hashlib.sha256(purpose.encode() + value).digest()


def test_a_decision_is_read_as_it_was_written():
    decision = DecisionRecord(
        "nas-1", "reject", b"steps", b"s" * 32, None, "pap", "wrong-credential", ssid="City"
    )
    assert decode_decision_body(encode_decision_body(decision)) == decision


def test_a_long_trace_is_left_out():
    decision = DecisionRecord("nas-1", "accept", bytes(LONGEST_TRACE + 1))
    assert decode_decision_body(encode_decision_body(decision)) == DecisionRecord("nas-1", "accept")


def test_what_is_no_decision_is_refused():
    with pytest.raises(ValueError, match="no decision"):
        decode_decision_body(b"\xc1")


def test_a_station_and_a_user_name_have_different_digests():
    digests = Digests(Keys())
    assert digests.station("02:00:00:00:00:01") != digests.username("02:00:00:00:00:01")
    assert len(digests.station("02:00:00:00:00:01")) == 32
