"""The index's own event. Holds no behaviour."""

from dataclasses import dataclass

from controller.core.bus import event


@event("radius.index_beat")
@dataclass(frozen=True)
class IndexBeat:
    """Written now and then by who keeps an index: when it hears it, it has heard all that came before."""

    keeper: str
    at: float
    """Unix seconds."""
