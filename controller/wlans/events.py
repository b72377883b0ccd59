"""Facts about WLANs that other features act on. Holds no behaviour."""

from dataclasses import dataclass

from controller.core.bus import event


@event("wlan.changed")
@dataclass(frozen=True)
class WlanChanged:
    """A WLAN was created, changed or removed: configurations that carry it are out of date."""

    wlan_id: str
    """Slug of the WLAN. It may no longer exist."""
