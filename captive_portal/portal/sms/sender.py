"""What the portal asks of anything that sends text messages. Senders live in their own modules."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A text for a phone. Its representation shows neither, so that no log can."""

    to: str = field(repr=False)
    """E.164 with the plus."""
    text: str = field(repr=False)


class SendError(Exception):
    """The message was not handed over. `reason` is a fixed word fit for metrics, never data."""

    def __init__(self, reason: str) -> None:
        """Keep `reason`: "unavailable", "throttled", "rejected" or "timeout"."""
        super().__init__(reason)
        self.reason = reason


class Sender(Protocol):
    """Hands messages to whoever delivers them."""

    async def run(self) -> None:
        """Keep what connection there is, until cancelled. Runs as a supervised task."""

    async def send(self, message: Message) -> None:
        """Hand a message over; returning means the other side has taken responsibility.

        Raises:
            SendError: it was not taken, with the reason.
        """
