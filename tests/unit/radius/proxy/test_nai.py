import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.proxy.nai import Nai, parse_nai


@pytest.mark.parametrize(
    ("text", "nai"),
    [
        ("user", Nai("user", "")),
        ("", Nai("", "")),
        ("user@Example.NET", Nai("user", "example.net")),
        ("@example.net", Nai("", "example.net")),
        ("0250010000000001@wlan.mnc001.mcc250.3gppnetwork.org",
         Nai("0250010000000001", "wlan.mnc001.mcc250.3gppnetwork.org")),
        ("home.example!user@visited.example", Nai("home.example!user", "visited.example")),
        ("имя@пример.рф", Nai("имя", "пример.рф")),
    ],
)  # fmt: skip
def test_names_are_taken_apart(text, nai):
    assert parse_nai(text.encode()) == nai


@pytest.mark.parametrize(
    "value",
    [
        b"user@", b"user@net", b"user@.net", b"user@example..net", b"user@example.net.", b"user@-a.net",
        b"a@b@example.net", b"user@exa mple.net", b"u@" + b"a." * 16 + b"net", b"u@" + b"a" * 64 + b".net",
        b"a!b!c!d!e!u@example.net", b"\xff@example.net", b"u" * 250 + b"@a.b", b"u@a.b\0",
    ],
)  # fmt: skip
def test_what_is_no_nai_is_not_routed(value):
    assert parse_nai(value) is None


@given(st.binary(max_size=300))
def test_any_octets_are_parsed(value):
    nai = parse_nai(value)
    if nai is not None:
        assert nai.realm == nai.realm.lower()
        assert bool(nai.realm) == (b"@" in value)


@given(st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){1,5}", fullmatch=True), st.text("abc.!-", max_size=9))
def test_a_good_realm_is_found_whatever_the_user(realm, user):
    nai = parse_nai(f"{user}@{realm}".encode())
    assert nai is None or nai == Nai(user, realm)
    assert (nai is None) == (user.count("!") > 4)
