"""Requests and answers of HTTP/1.0 and 1.1, only as much as a redirect needs.

Pure. It reads the head of one request and never a body: every answer closes the connection
(RFC 9112 §9.6). What it cannot read is refused whole, not repaired.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_HEAD_BYTES = 8_192
_MAX_HEADERS = 100
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^\x00-\x20\x7f]{1,4096}) HTTP/(1\.[01])\Z")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([^\x00\r\n]*?)[ \t]*\Z")
_HOST = re.compile(r"[a-z0-9._\-]{1,253}\Z|\[[0-9a-f:.]{2,45}\]\Z")


class MalformedRequestError(ValueError):
    """The bytes are no HTTP/1 request: the peer erred."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request: host without port in lower case ("" if none), path with its query."""

    method: str
    host: str
    path: str
    user_agent: str
    version: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to be encoded: status with its reason, extra headers, body."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


def parse_request(data: bytes) -> Request | None:
    """The request whose head stands at the start of `data`, None while it is not whole.

    Raises `MalformedRequestError`, as soon as it is certain.
    """
    head = _find_head(data)
    if head is None:
        return None
    lines = [line.removesuffix(b"\r") for line in head.split(b"\n")]
    first = _REQUEST_LINE.match(lines[0])
    if first is None or len(lines) > _MAX_HEADERS:
        raise MalformedRequestError("request line")
    fields = _parse_fields(lines[1:])
    host = _parse_host(fields.get(b"host", ""))
    path = first[2].decode("latin-1")
    if not path.startswith("/") and path != "*":
        host, path = _parse_absolute(path)
    return Request(first[1].decode(), host, path, fields.get(b"user-agent", "")[:512], first[3].decode())


def _find_head(data: bytes) -> bytes | None:
    """Everything before the first empty line; a bare LF ends a line too (RFC 9112 §2.2)."""
    data = data.lstrip(b"\r\n")
    ends = [end for end in (data.find(b"\r\n\r\n"), data.find(b"\n\n")) if end != -1]
    if min(ends, default=len(data)) > MAX_HEAD_BYTES:
        raise MalformedRequestError("head is too long")
    if ends:
        return data[: min(ends)]
    if data and not data[:1].isalpha():
        raise MalformedRequestError("not HTTP")  # TLS on port 80, for one
    return None


def _parse_fields(lines: Sequence[bytes]) -> dict[bytes, str]:
    fields: dict[bytes, str] = {}
    for line in lines:
        field = _FIELD.match(line)
        if field is None:
            raise MalformedRequestError("header field")
        name = field[1].lower()
        if name == b"host" and name in fields:
            raise MalformedRequestError("two hosts")
        fields[name] = field[2].decode("latin-1")
    return fields


def _parse_absolute(target: str) -> tuple[str, str]:
    """Host and path of a request target in absolute form, as proxies get it (RFC 9112 §3.2.2)."""
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() != "http":
        raise MalformedRequestError("request target")
    authority, slash, path = rest.partition("/")
    return _parse_host(authority), slash + path or "/"


def _parse_host(value: str) -> str:
    host = value.strip().lower()
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not host.endswith("]"):
        host = name
    host = host.removesuffix(".")
    if host and not _HOST.match(host):
        raise MalformedRequestError("host")
    return host


def encode_answer(answer: Answer, *, head_only: bool = False) -> bytes:
    """The answer as bytes; it always says `Connection: close`. 204 and 304 carry no length."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.status not in {204, 304}:
        lines.append(f"Content-Length: {len(answer.body)}")
    lines.append("Connection: close")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only else head + answer.body
