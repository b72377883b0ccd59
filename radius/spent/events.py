"""What changed about used-up volumes; every process that answers reads them again."""

from dataclasses import dataclass

from controller.core.bus import event


@event("radius.spent_changed")
@dataclass(frozen=True)
class SpentChanged:
    """Volumes of so many accounts were used up, or are there again."""

    accounts: int
