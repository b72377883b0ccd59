"""An event of the tests, and a listener that keeps what it hears."""

import asyncio
from dataclasses import dataclass

from controller.core.bus import event


@event("test.happened")
@dataclass(frozen=True)
class Happened:
    number: int


class Heard:
    def __init__(self):
        self.numbers = []
        self.enough = asyncio.Event()
        self.expected = 0

    async def __call__(self, happened):
        self.numbers.append(happened.number)
        if len(self.numbers) >= self.expected:
            self.enough.set()
