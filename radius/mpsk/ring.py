"""The network keys, in memory, and the search for the one a device has. Pure: no database, no clock.

An access point that asks before the handshake is told the key that is bound to the device's MAC. One that
asks within it lets us try keys by the MIC, some microseconds each; so those are tried first that are likely:
bound to the MAC, used by it before, used at this access point lately. A stranger with a wrong passphrase
must not make us try them all again and again: there are only so many tries a second.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, TypeVar

from controller.directory.network_keys import OpenNetworkKey
from radius.protocol.errors import DropReason, UntrustedError
from radius.protocol.mpsk import Handshake

_DEVICES_REMEMBERED: Final = 100_000
_PLACES_REMEMBERED: Final = 10_000
_KEYS_OF_A_PLACE: Final = 128


Key = TypeVar("Key")
Value = TypeVar("Value")


class KeyRing:
    """See the module.

    Args:
        tries_max: keys tried by MIC for one request at most.
        tries_per_s: keys tried in a second at most, after a burst of one request.
        count_tries: told how many keys were tried for a request.
    """

    def __init__(
        self, *, tries_max: int, tries_per_s: int, count_tries: Callable[[int], None] = lambda _tried: None
    ) -> None:
        self._tries_max = tries_max
        self._tries_per_s = tries_per_s
        self._count_tries = count_tries
        self._allowed = float(tries_max)
        self._counted_at = 0.0
        self._keys: dict[str, OpenNetworkKey] = {}
        self._bound: dict[tuple[str, str], dict[str, OpenNetworkKey]] = {}
        self._open: dict[str, dict[str, OpenNetworkKey]] = {}
        self._networks: dict[str, int] = {}
        self._used: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._here: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._keys)

    def __contains__(self, username: str) -> bool:
        """Tell whether there is a key of that name."""
        return username in self._keys

    def has_network(self, ssid: str) -> bool:
        """Tell whether any key is for this network."""
        return ssid in self._networks

    def names(self) -> set[str]:
        """Return the names of all keys."""
        return set(self._keys)

    def keys(self) -> list[OpenNetworkKey]:
        """Return all keys, by name."""
        return [self._keys[username] for username in sorted(self._keys)]

    def put(self, key: OpenNetworkKey) -> None:
        """Add a key, or replace the one of its name."""
        self.remove(key.username)
        self._keys[key.username] = key
        self._shelf(key)[key.username] = key
        self._networks[key.ssid] = self._networks.get(key.ssid, 0) + 1

    def remove(self, username: str) -> None:
        """Forget a key, if there is one of that name."""
        key = self._keys.pop(username, None)
        if key is None:
            return
        shelf = self._shelf(key)
        del shelf[username]
        if not shelf:
            self._unshelve(key)
        self._networks[key.ssid] -= 1
        if not self._networks[key.ssid]:
            del self._networks[key.ssid]

    def find(
        self, ssid: str, station: str, place: str, handshake: Handshake | None, now: float
    ) -> OpenNetworkKey | None:
        """Return the key a device has; None if it has none.

        Args:
            ssid: the network.
            station: the device's MAC.
            place: the access point's, or empty.
            handshake: what its MIC can be tried with; None: the newest key bound to the device is returned.
            now: seconds of a monotonic clock.

        Raises:
            UntrustedError: too many keys were tried lately; the access point will ask again.
        """
        if handshake is None:
            bound = self._bound.get((station, ssid))
            return None if bound is None else bound[max(bound)]
        self._allow(now)
        before = self._allowed
        try:
            for key in islice(self._candidates(ssid, station, place), self._tries_max):
                if self._allowed < 1:
                    raise UntrustedError(DropReason.MPSK_OVERLOAD)
                self._allowed -= 1
                if handshake.is_of(key.pmk):
                    return key
            return None
        finally:
            self._count_tries(int(before - self._allowed))

    def note_use(self, key: OpenNetworkKey, station: str, place: str) -> None:
        """Remember who used a key where: it will be among the first that are tried."""
        _touch(self._used, (station, key.ssid), key.username, _DEVICES_REMEMBERED)
        if place:
            here = self._here.get(place)
            _touch(self._here, place, OrderedDict() if here is None else here, _PLACES_REMEMBERED)
            _touch(self._here[place], key.username, None, _KEYS_OF_A_PLACE)

    def _allow(self, now: float) -> None:
        grown = self._allowed + (now - self._counted_at) * self._tries_per_s
        self._allowed = min(grown, float(max(self._tries_max, self._tries_per_s)))
        self._counted_at = now

    def _candidates(self, ssid: str, station: str, place: str) -> Iterator[OpenNetworkKey]:
        """Yield keys, the likely ones first, each once; those bound to other devices never."""
        seen = set()
        for key in self._likely(ssid, station, place):
            if key.username not in seen:
                seen.add(key.username)
                yield key
        for username, key in self._open.get(ssid, {}).items():
            if username not in seen:
                yield key

    def _likely(self, ssid: str, station: str, place: str) -> Iterator[OpenNetworkKey]:
        yield from reversed(self._bound.get((station, ssid), {}).values())
        names = [self._used.get((station, ssid), ""), *reversed(self._here.get(place, ()))]
        for name in names:
            key = self._keys.get(name)
            if key is not None and key.ssid == ssid and key.mac is None:
                yield key

    def _shelf(self, key: OpenNetworkKey) -> dict[str, OpenNetworkKey]:
        if key.mac is None:
            return self._open.setdefault(key.ssid, {})
        return self._bound.setdefault((key.mac, key.ssid), {})

    def _unshelve(self, key: OpenNetworkKey) -> None:
        if key.mac is None:
            del self._open[key.ssid]
        else:
            del self._bound[key.mac, key.ssid]


def _touch(table: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > most:
        table.popitem(last=False)
