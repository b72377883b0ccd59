"""The phone's browser: headless Chromium, driven line by line, inside the phone's namespace.

Run as ``python -m controller.city.browser_process`` by :mod:`controller.city.browser`. Each line on
standard input is a JSON object ``{"do": …}``, each answer one JSON line. Page scripts are switched
off: everything a citizen needs must work without them.
"""

import asyncio
import base64
import hashlib
import json
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, async_playwright

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
ACTION_TIMEOUT_MS = 15_000
LINE_LIMIT = 1 << 20


def pin_of(certificate_der: bytes) -> str:
    """The SPKI pin of a certificate: base64 of the SHA-256 of its public key (RFC 7469 section 2.4)."""
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest(),
    ).decode()


def verified_pin(host: str, port: int, ca_file: str) -> str:
    """The pin of a server whose certificate and name hold under ``ca_file``.

    Raises :class:`OSError` (:class:`ssl.SSLError` is one) when they do not.

    Chromium has no option to trust one more authority, but one to trust a key: so the chain is
    checked here, and Chromium takes exactly the key that passed.
    """
    context = ssl.create_default_context(cafile=ca_file)
    with (
        socket.create_connection((host, port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert(binary_form=True)
    return pin_of(certificate or b"")


async def _open(page: Page, command: Mapping[str, str]) -> None:
    await page.goto(command["url"], wait_until="load", timeout=ACTION_TIMEOUT_MS)


async def _fill(page: Page, command: Mapping[str, str]) -> None:
    await page.fill(command["selector"], command["value"], timeout=ACTION_TIMEOUT_MS)


async def _click(page: Page, command: Mapping[str, str]) -> None:
    async with page.expect_navigation(wait_until="load", timeout=ACTION_TIMEOUT_MS):
        await page.click(command["selector"], timeout=ACTION_TIMEOUT_MS, no_wait_after=True)


async def _look(_page: Page, _command: Mapping[str, str]) -> None:
    """Change nothing: every answer carries the page."""


ACTIONS: dict[str, Callable[[Page, Mapping[str, str]], Awaitable[None]]] = {
    "open": _open,
    "fill": _fill,
    "click": _click,
    "look": _look,
}


async def obey(page: Page, command: Mapping[str, str]) -> dict[str, str]:
    """Carry out one command; the answer is the page as it stands then, or the error."""
    try:
        await ACTIONS[command["do"]](page, command)
        html = await page.content()
        text = await page.inner_text("body")
    except PlaywrightError as error:
        return {"error": error.message.splitlines()[0], "url": page.url}
    return {"url": page.url, "title": await page.title(), "text": text, "html": html}


async def _main() -> None:
    start = json.loads(sys.stdin.readline())
    pin = verified_pin(start["trusted_host"], start["trusted_port"], start["ca"])
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=start["chromium"],
            args=[*CHROMIUM_ARGUMENTS, f"--ignore-certificate-errors-spki-list={pin}"],
        )
        context = await browser.new_context(java_script_enabled=False, locale=start["locale"])
        page = await context.new_page()
        _answer({"ready": browser.version})
        while line := await reader.readline():
            _answer(await obey(page, json.loads(line)))
        await browser.close()


def _answer(content: Mapping[str, str]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
