from datetime import UTC, datetime

import pytest

from controller.core.mac import Mac
from controller.directory.network_keys import OpenNetworkKey, derive_pmk
from radius.mpsk.ring import KeyRing
from radius.protocol.errors import DropReason, UntrustedError
from radius.protocol.mpsk import parse_handshake
from tests.factories.mpsk import ANONCE, AP, SSID, STATION, frame_of

MAC = Mac("22:5e:dc:49:b7:aa")
OTHER = Mac("02:00:00:00:00:02")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def key(name, *, mac=None, ssid=SSID, pmk=b""):
    return OpenNetworkKey(name, ssid, mac, f"passphrase {name}", pmk or name.encode().ljust(32), NOW)


def handshake(name):
    return parse_handshake(ANONCE, frame_of(f"passphrase {name}", SSID), AP, STATION)


def real(name, **values):
    return key(name, pmk=derive_pmk(f"passphrase {name}", SSID), **values)


class Counting:
    """Counts what was tried."""

    def __init__(self, pmk):
        self.pmk = pmk
        self.tried = []

    def is_of(self, pmk):
        self.tried.append(pmk.rstrip().decode())
        return pmk == self.pmk


def ring(*keys):
    made = KeyRing(tries_max=100, tries_per_s=100)
    for one in keys:
        made.put(one)
    return made


def test_without_a_handshake_the_newest_key_of_the_device():
    keys = ring(key("d-2", mac=MAC), key("d-1", mac=MAC), key("d-3", mac=OTHER), key("d-4"))
    assert keys.find(SSID, MAC, "", None, 0).username == "d-2"
    assert keys.find("another", MAC, "", None, 0) is None
    assert keys.find(SSID, "02:00:00:00:00:09", "", None, 0) is None


def test_with_a_handshake_the_key_that_made_it():
    keys = ring(*(real(f"d-{number}") for number in range(5)), real("d-9", mac=MAC), real("d-8", mac=OTHER))
    assert keys.find(SSID, MAC, "", handshake("d-3"), 0).username == "d-3"
    assert keys.find(SSID, MAC, "", handshake("d-9"), 0).username == "d-9"
    assert keys.find(SSID, MAC, "", handshake("d-7"), 0) is None
    assert keys.find(SSID, MAC, "", handshake("d-8"), 0) is None  # bound to another device


def test_likely_ones_are_tried_first_and_each_once():
    keys = ring(*(key(f"d-{number}") for number in range(6)), key("d-8", mac=MAC), key("d-9", mac=MAC))
    keys.note_use(key("d-3"), MAC, "elsewhere")
    keys.note_use(key("d-4"), OTHER, "here")
    keys.note_use(key("d-5"), OTHER, "here")
    counting = Counting(b"none")
    assert keys.find(SSID, MAC, "here", counting, 0) is None
    assert counting.tried == ["d-9", "d-8", "d-3", "d-5", "d-4", "d-0", "d-1", "d-2"]


def test_what_was_used_in_another_network_is_not_tried():
    keys = ring(key("d-1"), key("d-2", ssid="another"))
    keys.note_use(key("d-2", ssid="another"), MAC, "here")
    counting = Counting(b"none")
    keys.find(SSID, MAC, "here", counting, 0)
    assert counting.tried == ["d-1"]


def test_so_many_tries_and_no_more():
    counted = []
    keys = KeyRing(tries_max=5, tries_per_s=2, count_tries=counted.append)
    for number in range(9):
        keys.put(key(f"d-{number}"))
    counting = Counting(b"none")
    assert keys.find(SSID, MAC, "", counting, 0) is None
    assert len(counting.tried) == 5
    with pytest.raises(UntrustedError) as caught:
        keys.find(SSID, MAC, "", Counting(b"none"), 0)
    assert caught.value.reason is DropReason.MPSK_OVERLOAD
    counting = Counting(b"none")
    with pytest.raises(UntrustedError):
        keys.find(SSID, MAC, "", counting, 1)
    assert len(counting.tried) == 2
    assert keys.find(SSID, MAC, "", None, 1) is None  # to look up costs nothing
    assert counted == [5, 0, 2]


def test_keys_come_and_go():
    keys = ring(key("d-1"), key("d-2", mac=MAC))
    assert (len(keys), keys.names(), "d-1" in keys) == (2, {"d-1", "d-2"}, True)
    keys.put(key("d-1", mac=MAC))
    assert len(keys) == 2
    assert keys.find(SSID, MAC, "", Counting(b"d-1".ljust(32)), 0).mac == MAC
    for name in ("d-1", "d-1", "d-2", "d-3"):
        keys.remove(name)
    assert (len(keys), keys.has_network(SSID)) == (0, False)
    assert keys.find(SSID, MAC, "", None, 0) is None


def test_a_key_that_went_is_not_tried_though_it_was_used():
    keys = ring(key("d-1"), key("d-2"))
    keys.note_use(key("d-1"), MAC, "here")
    keys.remove("d-1")
    counting = Counting(b"none")
    keys.find(SSID, MAC, "here", counting, 0)
    assert counting.tried == ["d-2"]
