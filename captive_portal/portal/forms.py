"""Are these form data from a page of ours, for this very client? Tokens and the Origin check. Pure.

A form carries a token: a nonce, the time, and an HMAC over them and the client (gateway, MAC,
address). The nonce stands in a cookie too; where the browser sends the cookie back they must agree
(double submit). Mini-browsers without cookies are left with the HMAC, which a page of another site
cannot make or read, and the Origin check, which every browser's POST passes only from our pages.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from captive_portal.portal.types import Client

TOKEN_FIELD: Final = "csrf"  # noqa: S105 - the name of a form field
NONCE_COOKIE: Final = "__Host-portal"
NONCE_BYTES: Final = 12
_MAX_AGE_S: Final = 7200
_TIME_BYTES: Final = 5
_TAG_BYTES: Final = 16
_MAX_TOKEN_CHARS: Final = 64


class FormError(Exception):
    """The form is not from a fresh page of ours. `reason` is fit for metrics."""

    def __init__(self, reason: str) -> None:
        """Keep `reason`: "origin", "token" or "cookie"."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FormGuard:
    """Makes and checks tokens under one key."""

    key: bytes
    allowed_hosts: frozenset[str]
    """Host names, without ports, under which the portal may be reached."""

    def token(self, client: Client, *, nonce: bytes, now: datetime) -> str:
        """Return the token of a form shown to `client`; good for two hours."""
        head = nonce + int(now.timestamp()).to_bytes(_TIME_BYTES, "big")
        return _encode(head + self._tag(client, head))

    def check(
        self, client: Client, *, token: str, cookie: str | None, headers: dict[str, str], now: datetime
    ) -> None:
        """Check a POST.

        Args:
            client: who sent it.
            token: the form's field.
            cookie: value of `NONCE_COOKIE`, None if the browser sent none.
            headers: lower-case names; host, origin, referer and sec-fetch-site are looked at.
            now: the present.

        Raises:
            FormError: it was refused.
        """
        self._check_origin(headers)
        raw = _decode(token)
        if len(raw) != NONCE_BYTES + _TIME_BYTES + _TAG_BYTES:
            raise FormError("token")
        head, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(client, head)):
            raise FormError("token")
        age = int(now.timestamp()) - int.from_bytes(head[NONCE_BYTES:], "big")
        if not -1 <= age <= _MAX_AGE_S:
            raise FormError("token")
        if cookie is not None and not hmac.compare_digest(cookie.encode(), nonce_text(head[:NONCE_BYTES])):
            raise FormError("cookie")

    def _check_origin(self, headers: dict[str, str]) -> None:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise FormError("origin")
        source = headers.get("origin") or headers.get("referer")
        if source is None:
            return  # Old browsers send neither with a form; the token still has to be right.
        try:
            parts = urlsplit(source)
            hostname = parts.hostname
        except ValueError as error:
            raise FormError("origin") from error
        if (
            parts.scheme != "https"
            or hostname not in self.allowed_hosts
            or parts.netloc.lower() != headers.get("host", "").lower()
        ):
            raise FormError("origin")

    def _tag(self, client: Client, head: bytes) -> bytes:
        bound = f"{client.gateway_id}\n{client.mac}\n{client.ip}".encode()
        return hmac.digest(self.key, head + bound, hashlib.sha256)[:_TAG_BYTES]


def nonce_text(nonce: bytes) -> bytes:
    """Return a nonce as it stands in the cookie."""
    return _encode(nonce).encode()


def parse_nonce(cookie: str | None) -> bytes | None:
    """Return the nonce of a cookie, None if there is none or it is not ours."""
    if cookie is None:
        return None
    try:
        raw = _decode(cookie)
    except FormError:
        return None
    return raw if len(raw) == NONCE_BYTES else None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    if not text.isascii() or len(text) > _MAX_TOKEN_CHARS:
        raise FormError("token")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise FormError("token") from error
