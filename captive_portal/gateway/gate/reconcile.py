"""What must change in the kernel so that it agrees with the database. Pure.

The database is the truth about who is online. A kernel dump is not the truth about who is missing:
during a resize it repeats some elements and leaves out others; so a missing element is opened again,
which changes nothing if it was there, and nothing else is concluded from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from captive_portal.gateway.gate.base import Client, Pass
from controller.core.mac import Mac

TIME_TOLERANCE_S = 3.0
"""How far the kernel's remaining time may be off before it is set anew."""


@dataclass(frozen=True, slots=True)
class GateChanges:
    """Clients to close first, then passes to open: `missing` were not there, `renewed` had another time."""

    close: tuple[Client, ...] = ()
    missing: tuple[Pass, ...] = ()
    renewed: tuple[Pass, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.close or self.missing or self.renewed)


@dataclass(frozen=True, slots=True)
class BindingChanges:
    """Address bindings to lift, then to set."""

    lift: Mapping[str, Mac]
    bind: Mapping[str, Mac]


def diff_gate(desired: Mapping[Client, Pass], installed: Mapping[Client, float]) -> GateChanges:
    """Compare passes that should be open with the kernel's remaining seconds by client."""
    missing: list[Pass] = []
    renewed: list[Pass] = []
    for client, entry in desired.items():
        remaining_s = installed.get(client)
        if remaining_s is None:
            missing.append(entry)
        elif abs(remaining_s - entry.remaining_s) > TIME_TOLERANCE_S:
            renewed.append(entry)
    close = tuple(client for client in installed if client not in desired)
    return GateChanges(close, tuple(missing), tuple(renewed))


def diff_bindings(desired: Mapping[str, Mac], installed: Mapping[str, Mac]) -> BindingChanges:
    """Compare leased addresses with the kernel's bindings."""
    lift = {ip: mac for ip, mac in installed.items() if desired.get(ip) != mac}
    bind = {ip: mac for ip, mac in desired.items() if installed.get(ip) != mac}
    return BindingChanges(lift, bind)
