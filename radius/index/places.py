"""Where a device is: from the BSS it joined to the access point, the site and the zone. Holds no SQL.

A BSS is known by its BSSID if the access point has told it, or by the MAC of its access point, or by one
that the access point derives from it: the first octet may have its local bit set, and the last half octet
counts the networks on the air.
"""

from collections.abc import Mapping
from typing import Final

from controller.core.mac import Mac
from radius.index.entries import PlaceEntry

_LOCAL_BIT: Final = 0x02
_BLOCK: Final = 0xF


class Places:
    """Finds places; immutable.

    Args:
        by_mac: places by canonical MACs of access points and BSSIDs.
    """

    def __init__(self, by_mac: Mapping[str, PlaceEntry]) -> None:
        self._by_mac = by_mac
        self._by_block: dict[int, PlaceEntry | None] = {}
        for mac, place in by_mac.items():
            block = _block(mac)
            # Where access points number so densely that two share a block, only what they told counts.
            if self._by_block.setdefault(block, place) != place:
                self._by_block[block] = None

    def __len__(self) -> int:
        """Return the number of MACs and BSSIDs."""
        return len(self._by_mac)

    def find(self, bssid: Mac | None) -> PlaceEntry | None:
        """Return where a BSS is on the air, or None."""
        if bssid is None:
            return None
        exact = self._by_mac.get(bssid)
        return self._by_block.get(_block(bssid)) if exact is None and self._by_block else exact


def _block(mac: str) -> int:
    """Return a MAC as a number, without its local bit and its last half octet."""
    number = int(mac.replace(":", ""), 16)
    return (number & ~(_LOCAL_BIT << 40)) & ~_BLOCK


NOWHERE: Final = Places({})
