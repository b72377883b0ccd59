"""The RFC 8908 document and who gets it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.capport import OpenState, render_capport, wants_page

PORTAL = "https://wifi.example/?h=x"
VENUE = "https://wifi.example/about"


def rendered(state: OpenState | None) -> dict[str, object]:
    return json.loads(render_capport(portal_url=PORTAL, venue_url=VENUE, open_state=state))


def test_captive_shows_where_to_log_in_and_nothing_of_a_session() -> None:
    assert rendered(None) == {"captive": True, "user-portal-url": PORTAL, "venue-info-url": VENUE}


def test_open_and_limited() -> None:
    assert rendered(OpenState(3599, 1_000_000, can_extend=True)) == {
        "captive": False,
        "user-portal-url": PORTAL,
        "venue-info-url": VENUE,
        "seconds-remaining": 3599,
        "bytes-remaining": 1_000_000,
        "can-extend-session": True,
    }


def test_what_is_not_limited_is_left_out() -> None:
    body = rendered(OpenState(None, None, can_extend=False))
    assert body["captive"] is False
    assert not {"seconds-remaining", "bytes-remaining"} & body.keys()


@given(st.integers(-(2**40), 2**62), st.integers(-(2**62), 2**62), st.booleans())
def test_it_always_fits_what_android_reads(seconds: int, octets: int, extend: bool) -> None:
    raw = render_capport(
        portal_url=PORTAL, venue_url=VENUE, open_state=OpenState(seconds, octets, can_extend=extend)
    )
    assert len(raw) <= 4096
    body = json.loads(raw)
    assert body["seconds-remaining"] >= 0
    assert body["bytes-remaining"] >= 0


def test_browsers_are_told_from_systems() -> None:
    assert wants_page("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    assert not wants_page("application/captive+json")
    assert not wants_page("Application/Captive+JSON; q=0.9, text/html")
    assert not wants_page("application/json, text/html")
    assert not wants_page("*/*")
    assert not wants_page("")


@given(st.text(max_size=2000))
def test_any_accept_header_is_decided(accept: str) -> None:
    assert wants_page(accept) in (True, False)
