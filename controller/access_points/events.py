"""Facts about access points that other features act on. Holds no behaviour."""

from dataclasses import dataclass, field
from typing import Any

from controller.core.bus import event


@event("access_point.changed")
@dataclass(frozen=True)
class AccessPointChanged:
    """The inventory record of an AP changed: adopted, retired, moved, renamed or imported."""

    serial: str
    """12 lower-case hex digits."""


@event("access_point.command_requested")
@dataclass(frozen=True)
class ApCommandRequested:
    """An operator asked a connected AP to do something now; nothing is kept for later."""

    serial: str
    """12 lower-case hex digits."""
    command: str
    """uCentral method: "reboot", "leds" or "request"."""
    params: dict[str, Any] = field(default_factory=dict)
    """Parameters of that method, without `serial`, as JSON values."""
