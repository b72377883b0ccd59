import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from captive_portal.gateway.http1 import (
    MAX_HEAD_BYTES,
    Answer,
    MalformedRequestError,
    Request,
    encode_answer,
    parse_request,
)


def test_reads_a_request_of_http_1_1():
    data = b"GET /generate_204?x=1 HTTP/1.1\r\nHost: Example.COM:80\r\nUser-Agent: probe/1 \r\n\r\nrest"
    assert parse_request(data) == Request("GET", "example.com", "/generate_204?x=1", "probe/1", "1.1")


@pytest.mark.parametrize(
    ("data", "host", "path"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", "", "/"),
        (b"GET / HTTP/1.0\nHost: a.test\n\n", "a.test", "/"),
        (b"\r\nGET / HTTP/1.1\r\nHost: a.test.\r\n\r\n", "a.test", "/"),
        (b"GET http://b.test:8080/x HTTP/1.1\r\nHost: a.test\r\n\r\n", "b.test", "/x"),
        (b"GET http://b.test HTTP/1.1\r\n\r\n", "b.test", "/"),
        (b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "[2001:db8::1]", "/"),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a", "*"),
    ],
)
def test_reads_other_forms(data, host, path):
    request = parse_request(data)
    assert request is not None
    assert (request.host, request.path) == (host, path)


@pytest.mark.parametrize("data", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: a", b"\r\n\r\n"])
def test_waits_for_the_rest(data):
    assert parse_request(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01",  # a TLS ClientHello
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / x HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
        b"GET https://a/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA" + b"a" * MAX_HEAD_BYTES,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n",
    ],
)
def test_refuses_what_is_no_request(data):
    with pytest.raises(MalformedRequestError):
        parse_request(data)


@given(st.binary(max_size=300))
@example(b"GET / HTTP/1.1\r\nHost:\r\n\r\n")
def test_any_bytes_are_read_awaited_or_refused(data):
    try:
        request = parse_request(data)
    except MalformedRequestError:
        return
    if request is not None:
        assert "\r" not in request.path
        assert "\n" not in request.host


@given(st.binary(max_size=200))
def test_any_header_value_is_read_or_refused(value):
    data = b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
    try:
        request = parse_request(data)
    except MalformedRequestError:
        return
    assert request is None or set(request.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]")


def test_answers_close_and_say_their_length():
    answer = Answer(200, "OK", (("A", "b"),), b"body")
    assert encode_answer(answer) == (
        b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"
    )
    assert encode_answer(answer, head_only=True).endswith(b"\r\n\r\n")
    assert b"Content-Length" not in encode_answer(Answer(204, "No Content"))
