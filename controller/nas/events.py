"""Facts about NAS clients that other features act on. Holds no behaviour."""

from dataclasses import dataclass

from controller.core.bus import event


@event("nas.changed")
@dataclass(frozen=True)
class NasChanged:
    """A NAS was added, changed or removed: RADIUS reads its table again, with no restart."""

    nas_id: str
    """Slug of the NAS. It may no longer exist."""
