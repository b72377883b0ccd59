"""The captive portal API (RFC 8908): what a phone's system learns about its session. Pure.

Asked at `/capport/{gateway_id}`, the URI that gateways announce (RFC 8910); the page layer finds the
client by its source address and serves what is made here.
"""

import json
from dataclasses import dataclass
from typing import Final

MEDIA_TYPE: Final = "application/captive+json"
HEADERS: Final = {"Cache-Control": "private, no-store", "Vary": "Accept"}
_JSON_TYPES: Final = frozenset({MEDIA_TYPE, "application/json"})


@dataclass(frozen=True, slots=True)
class OpenState:
    """What is left of an open session. None: not limited."""

    seconds_remaining: int | None
    bytes_remaining: int | None
    """Both directions, layer 3."""
    can_extend: bool


def render_capport(*, portal_url: str, venue_url: str, open_state: OpenState | None) -> bytes:
    """Return the JSON document of RFC 8908 §5.

    `seconds-remaining` and `bytes-remaining` stand only where the session is open and limited; the
    URLs always: phones show the venue while captive too.
    """
    body: dict[str, str | int | bool] = {
        "captive": open_state is None,
        "user-portal-url": portal_url,
        "venue-info-url": venue_url,
    }
    if open_state is not None:
        if open_state.seconds_remaining is not None:
            body["seconds-remaining"] = max(0, open_state.seconds_remaining)
        if open_state.bytes_remaining is not None:
            body["bytes-remaining"] = max(0, open_state.bytes_remaining)
        body["can-extend-session"] = open_state.can_extend
    return json.dumps(body, separators=(",", ":")).encode()


def wants_page(accept: str) -> bool:
    """Tell a browser, which is sent to the portal, from an API client (RFC 8908 §5, RFC 9110 §12.5.1).

    Who names the API's type gets it; who names HTML and not the API's type is a browser; everybody
    else (no Accept, `*/*`) gets the API.
    """
    types = {item.partition(";")[0].strip().lower() for item in accept[:1000].split(",")}
    return not types & _JSON_TYPES and bool(types & {"text/html", "application/xhtml+xml"})
