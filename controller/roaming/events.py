"""Facts about home servers and realms that RADIUS acts on. Holds no behaviour."""

from dataclasses import dataclass

from controller.core.bus import event


@event("roaming.changed")
@dataclass(frozen=True)
class RoutesChanged:
    """A home server or realm was added, changed or removed: RADIUS reads them again, with no restart."""

    what: str
    """Identifier of the home server, or the realm's pattern. It may no longer exist."""
