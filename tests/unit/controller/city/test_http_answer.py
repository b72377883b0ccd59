from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.city.http_answer import parse_answer
from controller.core.errors import InvalidInputError


def test_an_answer_is_read_into_status_headers_and_body():
    answer = parse_answer(
        b"HTTP/1.1 302 Found\r\nLocation: https://portal/?h=1\r\nX-A: b\r\n\r\nbody\r\n\r\nrest"
    )
    assert answer.status == 302
    assert answer.location == "https://portal/?h=1"
    assert answer.headers["x-a"] == "b"
    assert answer.text == "body\r\n\r\nrest"


def test_an_interim_answer_is_passed_over():
    answer = parse_answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    assert (answer.status, answer.body) == (204, b"")


def test_an_answer_without_reason_is_one():
    assert parse_answer(b"HTTP/2 200\r\n\r\n").status == 200


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n"]
)
def test_what_is_no_answer_is_refused(raw):
    with pytest.raises(InvalidInputError):
        parse_answer(raw)


@given(st.binary())
def test_nothing_but_an_input_error_comes_of_any_bytes(raw):
    with suppress(InvalidInputError):
        parse_answer(raw)


@given(st.binary())
def test_any_body_comes_out_as_it_went_in(body):
    assert parse_answer(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + body).body == body
