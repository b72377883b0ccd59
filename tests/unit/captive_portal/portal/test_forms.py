"""Forms of ours pass; replayed, moved, forged and foreign ones do not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.forms import FormError, FormGuard, nonce_text, parse_nonce
from captive_portal.portal.types import Client
from controller.core.mac import parse_mac

NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
GUARD = FormGuard(b"k" * 32, frozenset({"wifi.example", "localhost"}))
CLIENT = Client("gw-1", parse_mac("02:00:00:00:00:01"), "10.77.0.9")
NONCE = b"n" * 12
TOKEN = GUARD.token(CLIENT, nonce=NONCE, now=NOW)
HEADERS = {"host": "wifi.example", "origin": "https://wifi.example", "sec-fetch-site": "same-origin"}


def check(
    *,
    client: Client = CLIENT,
    token: str = TOKEN,
    cookie: str | None = None,
    now: datetime = NOW,
    **headers: str,
) -> None:
    GUARD.check(client, token=token, cookie=cookie, headers=HEADERS | headers, now=now)


def refused(reason: str, **arguments: object) -> None:
    with pytest.raises(FormError) as caught:
        check(**arguments)  # type: ignore[arg-type]
    assert caught.value.reason == reason


def test_our_own_form_passes_with_and_without_cookie() -> None:
    check()
    check(cookie=nonce_text(NONCE).decode())
    check(now=NOW + timedelta(hours=2))


def test_a_form_without_origin_passes_on_its_token() -> None:
    headers = {"host": "wifi.example"}
    GUARD.check(CLIENT, token=TOKEN, cookie=None, headers=headers, now=NOW)
    headers["referer"] = "https://wifi.example/?h=x"
    GUARD.check(CLIENT, token=TOKEN, cookie=None, headers=headers, now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://wifi.example"},
        {"origin": "https://wifi.example:444"},
        {"origin": "https://wifi.example.evil.example"},
        {"origin": "https://[::1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "", "referer": "https://evil.example/"},
        {"host": "evil.example", "origin": "https://evil.example"},
    ],
)
def test_forms_of_other_sites_are_refused(headers: dict[str, str]) -> None:
    refused("origin", **headers)


@pytest.mark.parametrize("other", [{"gateway_id": "gw-2"}, {"mac": "02:00:00:00:00:02"}, {"ip": "10.77.0.8"}])
def test_a_token_is_good_for_its_client_only(other: dict[str, str]) -> None:
    refused("token", client=replace(CLIENT, **other))


def test_old_and_future_tokens_are_refused() -> None:
    refused("token", now=NOW + timedelta(hours=2, seconds=1))
    refused("token", now=NOW - timedelta(seconds=2))


def test_a_token_that_does_not_go_with_the_cookie_is_refused() -> None:
    refused("cookie", cookie=nonce_text(b"m" * 12).decode())
    refused("cookie", cookie="ы")


@given(st.text(max_size=80))
def test_any_other_token_is_refused(token: str) -> None:
    if token != TOKEN:
        refused("token", token=token)


@given(st.text(max_size=80))
def test_any_cookie_can_be_read(cookie: str) -> None:
    nonce = parse_nonce(cookie)
    assert nonce is None or len(nonce) == 12
    assert parse_nonce(None) is None
    assert parse_nonce(nonce_text(NONCE).decode()) == NONCE
