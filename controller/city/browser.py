"""Chromium on a phone, seen from outside its namespace: open, fill, click, read.

The browser itself runs in :mod:`controller.city.browser_process`, in the phone's namespace and with
the phone's name servers. Nothing here knows what the portal's pages look like.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from controller.city.network import scratch
from controller.city.phones import Phone
from controller.city.process import Child, in_namespace
from controller.core.errors import UnavailableError

CHROMIUM = Path("/usr/bin/chromium")
START_TIMEOUT_S = 60.0
ACTION_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class PageView:
    """What stands in the window."""

    url: str
    title: str
    text: str
    """The visible text of the body."""
    html: str


class Browser:
    """A browser window on a phone."""

    def __init__(self, child: Child) -> None:
        """Wrap a running browser process; use :meth:`start`."""
        self._child = child

    @classmethod
    async def start(
        cls, phone: Phone, *, trusted_host: str, trusted_port: int = 443, locale: str = "ru-RU"
    ) -> Self:
        """Start Chromium in a phone's namespace.

        ``trusted_host`` is the one HTTPS server that the city's authority has certified; the phone
        must be able to reach it. Raises :class:`UnavailableError` when the browser does not start.
        """
        temporary = scratch(phone.namespace)
        temporary.mkdir(exist_ok=True, mode=0o700)
        # Chromium and its profile must not touch the user's own, and go with the phone.
        env = {
            "TMPDIR": str(temporary),
            "HOME": str(temporary),
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        }
        argv = [sys.executable, "-P", "-m", "controller.city.browser_process"]
        child = await Child.start(
            "browser",
            in_namespace(phone.namespace, argv),
            log=phone.directory / "browser.log",
            env=env,
            piped=True,
        )
        browser = cls(child)
        start = {
            "trusted_host": trusted_host,
            "trusted_port": trusted_port,
            "ca": str(phone.ca),
            "chromium": str(CHROMIUM),
            "locale": locale,
        }
        async with AsyncExitStack() as undo:
            undo.push_async_callback(child.stop)
            await browser._ask(start, START_TIMEOUT_S)
            undo.pop_all()
        return browser

    async def open(self, url: str) -> PageView:
        """Go to a URL, redirects followed, and wait until it is loaded."""
        return await self._act({"do": "open", "url": url})

    async def fill(self, selector: str, value: str) -> PageView:
        """Write into a field."""
        return await self._act({"do": "fill", "selector": selector, "value": value})

    async def click(self, selector: str) -> PageView:
        """Press something that leads to another page, and wait for that."""
        return await self._act({"do": "click", "selector": selector})

    async def look(self) -> PageView:
        """The page as it is."""
        return await self._act({"do": "look"})

    async def close(self) -> None:
        """Close the window and end the browser."""
        if self._child.process.stdin is not None:
            self._child.process.stdin.close()
        try:
            async with asyncio.timeout(ACTION_TIMEOUT_S):
                await self._child.process.wait()
        except TimeoutError:
            await self._child.stop()

    async def _act(self, command: dict[str, str]) -> PageView:
        answer = await self._ask(command, ACTION_TIMEOUT_S)
        if "error" in answer:
            message = f"the browser could not {command['do']}: {answer['error']}"
            raise UnavailableError(message, url=answer.get("url", ""))
        return PageView(answer["url"], answer["title"], answer["text"], answer["html"])

    async def _ask(self, command: Mapping[str, object], timeout_s: float) -> dict[str, str]:
        stdin, stdout = self._child.process.stdin, self._child.process.stdout
        if stdin is None or stdout is None:
            raise UnavailableError("the browser has no pipes")
        try:
            stdin.write(json.dumps(command).encode() + b"\n")
            await stdin.drain()
            async with asyncio.timeout(timeout_s):
                line = await stdout.readline()
        except (TimeoutError, BrokenPipeError, ConnectionResetError) as error:
            raise UnavailableError(f"the browser does not answer: {self._child.last_words()}") from error
        if not line:
            raise UnavailableError(f"the browser ended: {self._child.last_words()}")
        content: dict[str, str] = json.loads(line)
        return content
