"""One request, read once: who asks, in which language, with which handle and form."""

import ipaddress
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from captive_portal.portal.forms import (
    NONCE_BYTES,
    NONCE_COOKIE,
    TOKEN_FIELD,
    FormError,
    FormGuard,
    parse_nonce,
)
from captive_portal.portal.service import PortalService
from captive_portal.portal.translations import LANGUAGES, choose_language
from captive_portal.portal.types import Client

_MAX_FORM_BYTES: Final = 4096
_MAX_FIELDS: Final = 12
_FLAGS: Final = frozenset({"change", "extended"})
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as the pages see it."""

    client: Client | None
    handle: str
    """Fresh for a known client, else empty."""
    language: str
    chosen: str
    """The language if it was chosen by link, else empty."""
    nonce: bytes = field(repr=False)
    """For the cookie and the token of the page's forms."""
    now: datetime
    flags: frozenset[str] = frozenset()
    """Words of the query that change what a page shows: "change", "extended"."""


async def open_visit(request: Request, service: PortalService, now: datetime) -> Visit:
    """Read a request; `client` is None if no gateway knows the sender."""
    client = await service.identify(request.query_params.get("h", ""), source_address(request))
    handle = "" if client is None else service.handle_for(client)
    return replace(open_strangers_visit(request, now), client=client, handle=handle)


def open_strangers_visit(request: Request, now: datetime) -> Visit:
    """Read a request without looking up who sent it: for a page that says that a look-up failed."""
    chosen = request.query_params.get("lang", "")
    if chosen not in LANGUAGES:
        chosen = ""
    return Visit(
        client=None,
        handle="",
        language=chosen or choose_language(request.headers.get("accept-language", "")),
        chosen=chosen,
        nonce=parse_nonce(request.cookies.get(NONCE_COOKIE)) or secrets.token_bytes(NONCE_BYTES),
        now=now,
        flags=_FLAGS & request.query_params.keys(),
    )


def source_address(request: Request) -> str:
    """Return the sender's address as leases write it, empty if there is none.

    A listener on `::` sees IPv4 clients as `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2).
    """
    if request.client is None:
        return ""
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


async def read_form(request: Request, client: Client, guard: FormGuard, now: datetime) -> dict[str, str]:
    """Return the fields of a POST that comes from a page of ours.

    Raises:
        FormError: it does not, or is no small form ("size", "type", "origin", "token", "cookie").
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise FormError("type")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise FormError("size")
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError as error:  # UnicodeDecodeError is one
        raise FormError("type") from error
    guard.check(
        client,
        token=fields.get(TOKEN_FIELD, ""),
        cookie=request.cookies.get(NONCE_COOKIE),
        headers={name.lower(): value for name, value in request.headers.items()},
        now=now,
    )
    return fields
