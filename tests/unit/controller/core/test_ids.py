from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from controller.core import ids
from controller.core.ids import encode_ulid, new_id


def test_ids_increase_and_have_26_characters():
    made = [new_id() for _ in range(2000)]
    assert made == sorted(set(made))
    assert {len(one) for one in made} == {26}


def test_ids_of_one_millisecond_go_on_by_one(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: 2**47 * 1_000_000)
    monkeypatch.setattr(ids.os, "urandom", lambda octets: b"\x00" * (octets - 1) + b"\xfe")
    monkeypatch.setattr(ids, "_last", 0)  # and what they are now comes back, after ids of the far future
    monkeypatch.setattr(ids, "_stretch", (0, "", iter(())))
    first = (2**47 << 80) + 0xFE
    assert [new_id() for _ in range(5_000)] == [encode_ulid(first + number) for number in range(5_000)]


def test_ids_increase_when_the_clock_goes_back(monkeypatch):
    monkeypatch.setattr(ids, "_last", 0)
    monkeypatch.setattr(ids, "_stretch", (0, "", iter(())))
    times = [50, 50, 51, 49, 51, 52]
    monkeypatch.setattr(ids.time, "time_ns", lambda: times[0] * 1_000_000)
    made = []
    for _ in range(5):
        made += [new_id() for _ in range(1_500)]
        times.pop(0)
    assert made == sorted(set(made))


def test_threads_never_get_the_same_id():
    with ThreadPoolExecutor(4) as pool:
        made = [
            one for some in pool.map(lambda _: [new_id() for _ in range(5_000)], range(8)) for one in some
        ]
    assert len(set(made)) == len(made)


def test_the_encoding_is_the_one_of_the_specification():
    assert encode_ulid(0) == "0" * 26
    assert encode_ulid(2**128 - 1) == "7" + "Z" * 25
    assert encode_ulid(33) == "0" * 24 + "11"


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_text_sorts_as_numbers_do(one, other):
    assert (encode_ulid(one) < encode_ulid(other)) == (one < other)
