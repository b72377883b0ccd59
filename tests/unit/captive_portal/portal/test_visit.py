"""Reading requests: any bytes give fields or a FormError; any query a visit."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from captive_portal.portal.forms import FormError, FormGuard
from captive_portal.portal.types import Client
from captive_portal.portal.visit import open_visit, read_form, source_address
from controller.core.mac import parse_mac

NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
CLIENT = Client("gw-1", parse_mac("02:00:00:00:00:01"), "10.77.0.9")
GUARD = FormGuard(b"k" * 32, frozenset({"wifi.example"}))
TOKEN = GUARD.token(CLIENT, nonce=b"n" * 12, now=NOW)
FORM = b"application/x-www-form-urlencoded"


def request(*chunks: bytes, content_type: bytes = FORM, query: bytes = b"", **headers: str) -> Request:
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, object]:
        return waiting.pop(0)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": query,
        "client": ("10.77.0.9", 1234),
        "headers": [
            (b"host", b"wifi.example"),
            (b"content-type", content_type),
            *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()),
        ],
    }
    return Request(scope, receive)


class Service:
    """Knows one client, by its address."""

    async def identify(self, handle_text: str, source_ip: str) -> Client | None:
        self.asked = handle_text
        return CLIENT if source_ip == CLIENT.ip else None

    def handle_for(self, client: Client) -> str:
        return f"handle-of-{client.gateway_id}"


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("10.77.0.9", 1), "10.77.0.9"),
        (("::ffff:10.77.0.9", 1), "10.77.0.9"),
        (("2001:db8:0::1", 1), "2001:db8::1"),
        (("testclient", 1), ""),
        (None, ""),
    ],
)
def test_addresses_are_written_as_leases_write_them(peer: object, address: str) -> None:
    assert source_address(Request({"type": "http", "client": peer})) == address


async def test_a_form_in_pieces() -> None:
    body = f"csrf={TOKEN}&phone=%2B7+916&empty=".encode()
    fields = await read_form(request(body[:10], body[10:]), CLIENT, GUARD, NOW)
    assert fields == {"csrf": TOKEN, "phone": "+7 916", "empty": ""}


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (request(b"a=b", content_type=b"application/json"), "type"),
        (request(b"x" * 3000, b"x" * 3000), "size"),
        (request(b"&".join(b"a=b" for _ in range(20))), "type"),
        (request(b"a=b"), "token"),
        (request(f"csrf={TOKEN}".encode(), origin="https://evil.example"), "origin"),
        (request(f"csrf={TOKEN}".encode(), cookie="__Host-portal=AAAA"), "cookie"),
    ],
)
async def test_what_is_no_form_of_ours(made: Request, reason: str) -> None:
    with pytest.raises(FormError) as caught:
        await read_form(made, CLIENT, GUARD, NOW)
    assert caught.value.reason == reason


@given(st.lists(st.binary(max_size=200), max_size=4))
async def test_any_body_is_refused_with_form_error(chunks: list[bytes]) -> None:
    with pytest.raises(FormError):
        await read_form(request(*chunks), CLIENT, GUARD, NOW)


async def test_a_visit_carries_handle_language_and_flags() -> None:
    service = Service()
    made = request(query=b"h=abc&lang=en&change=1&evil=1", accept_language="ru")
    visit = await open_visit(made, service, NOW)  # type: ignore[arg-type]
    assert service.asked == "abc"
    assert (visit.client, visit.handle, visit.language, visit.chosen) == (
        CLIENT,
        "handle-of-gw-1",
        "en",
        "en",
    )
    assert visit.flags == {"change"}
    assert len(visit.nonce) == 12


@given(st.binary(max_size=100), st.text(st.characters(max_codepoint=255), max_size=50))
async def test_any_query_and_header_give_a_visit(query: bytes, language: str) -> None:
    made = request(query=query, accept_language="".join(c for c in language if c.isprintable()))
    visit = await open_visit(made, Service(), NOW)  # type: ignore[arg-type]
    assert visit.language in ("ru", "en")
    assert visit.chosen in ("", "ru", "en")
