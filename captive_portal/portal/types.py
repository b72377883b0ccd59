"""What the portal's parts hand to each other. Plain data, no behaviour."""

from dataclasses import dataclass
from datetime import datetime

from controller.core.mac import Mac


@dataclass(frozen=True, slots=True)
class Client:
    """A device that asks for a page, as its gateway knows it."""

    gateway_id: str
    mac: Mac
    ip: str
    ap_serial: str | None = None
    site_id: str | None = None
    """Site of the gateway."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code under way to a phone. It holds neither the number nor the code."""

    id: str
    mac: Mac
    created_at: datetime
    expires_at: datetime
    tries: int
    is_sent: bool
    is_used: bool


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """Numbers of codes: of a telephone number, a device, a block of numbers, and all in all."""

    of_number: int
    of_device: int
    of_block: int
    of_all: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something a citizen asked for was not done.

    `message_id` and `arguments` make the text; `reason` is a fixed word for metrics and logs.
    """

    reason: str
    message_id: str
    arguments: tuple[tuple[str, int], ...] = ()
