"""The web of the Internet side: what operating systems probe, and one site with a large file.

The probe hosts answer word for word as the real ones do when nothing is in the way; a phone that
sees anything else is behind a captive portal. It knows nothing of portals.
"""

import asyncio
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

CHUNK: Final = bytes(64 * 1024)
MAX_FILE_BYTES: Final = 4 << 30


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a probe host says when the Internet is open."""

    status: int
    body: bytes
    media_type: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()


_SUCCESS: Final = ProbeAnswer(200, b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>")

PROBE_ANSWERS: Final[dict[tuple[str, str], ProbeAnswer]] = {
    ("connectivitycheck.gstatic.com", "/generate_204"): ProbeAnswer(204, b""),
    ("www.google.com", "/generate_204"): ProbeAnswer(204, b""),
    ("captive.apple.com", "/hotspot-detect.html"): _SUCCESS,
    ("www.apple.com", "/library/test/success.html"): _SUCCESS,
    ("www.msftconnecttest.com", "/connecttest.txt"): ProbeAnswer(
        200, b"Microsoft Connect Test", "text/plain"
    ),
    ("detectportal.firefox.com", "/canonical.html"): ProbeAnswer(
        200,
        b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
    ),
    ("detectportal.firefox.com", "/success.txt"): ProbeAnswer(200, b"success\n", "text/plain"),
    ("network-test.debian.org", "/nm"): ProbeAnswer(
        200,
        b"NetworkManager is online\n",
        "text/plain",
        (("X-NetworkManager-Status", "online"),),
    ),
}
"""The open answer of each (host, path)."""


def create_app() -> Starlette:
    """The application that answers for every host of the Internet side."""
    return Starlette(
        routes=[
            Route("/file/{size:int}", _file),
            Route("/upload", _upload, methods=["POST"]),
            Route("/{path:path}", _page),
        ],
    )


async def _page(request: Request) -> Response:
    host = request.url.hostname or ""
    answer = PROBE_ANSWERS.get((host, request.url.path))
    if answer is not None:
        return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)
    if request.url.path != "/":
        return Response("not found\n", 404)
    name = html.escape(host)
    page = f"<!doctype html><html lang=en><title>{name}</title><h1>The Internet</h1><p>{name}</p></html>"
    return Response(page, media_type="text/html")


async def _file(request: Request) -> Response:
    """``/file/<bytes>?rate=<bytes per second>``: zeros, paced when a rate is given."""
    size = int(request.path_params["size"])
    rate = request.query_params.get("rate", "0")
    if not rate.isdecimal() or size > MAX_FILE_BYTES:
        return Response("bad size or rate\n", 400)
    headers = {"Content-Length": str(size), "Cache-Control": "no-store"}
    body = paced(size, int(rate), asyncio.sleep, asyncio.get_running_loop().time)
    return StreamingResponse(body, headers=headers, media_type="application/octet-stream")


async def _upload(request: Request) -> Response:
    received = 0
    async for piece in request.stream():
        received += len(piece)
    return Response(f"{received}\n", media_type="text/plain")


async def paced(
    size: int,
    rate: int,
    sleep: Callable[[float], Awaitable[None]],
    monotonic: Callable[[], float],
) -> AsyncIterator[bytes]:
    """``size`` zero bytes in pieces, no faster than ``rate`` bytes per second; 0 is as fast as it goes."""
    piece = CHUNK if rate == 0 else CHUNK[: max(1, min(len(CHUNK), rate // 10))]
    begun = monotonic()
    sent = 0
    while sent < size:
        part = piece[: size - sent]
        yield part
        sent += len(part)
        ahead = 0.0 if rate == 0 else begun + sent / rate - monotonic()
        if ahead > 0:
            await sleep(ahead)
