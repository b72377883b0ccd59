"""The spool: messages as files in a directory, for simulated cities and tests. It sends nothing.

A file is a JSON object {"to": E.164, "text": str, "at": ISO 8601 UTC}, mode 0600, its name sorts by
time, and it appears whole or not at all.
"""

import asyncio
import json
import os
from pathlib import Path

from captive_portal.portal.sms.sender import Message, SendError
from controller.core.clock import Clock
from controller.core.ids import new_id


class SpoolSender:
    """Writes messages into a directory."""

    def __init__(self, directory: Path, *, clock: Clock) -> None:
        """Use `directory`, made with mode 0700 if it is not there."""
        self._directory = directory
        self._clock = clock

    async def run(self) -> None:
        """Do nothing: a directory needs no connection."""

    async def send(self, message: Message) -> None:
        """Write the message as a new file.

        Raises:
            SendError: "unavailable" if the directory cannot be written.
        """
        content = {
            "to": message.to,
            "text": message.text,
            "at": self._clock.now().isoformat(),
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        try:
            await asyncio.to_thread(self._write, body)
        except OSError as error:
            raise SendError("unavailable") from error

    def _write(self, body: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = new_id()
        draft = self._directory / f".{name}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        draft.rename(self._directory / f"{name}.json")
