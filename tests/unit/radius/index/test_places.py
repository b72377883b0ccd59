from radius.index.entries import PlaceEntry
from radius.index.places import NOWHERE, Places

ARBAT = PlaceEntry("0010a42319c0", "arbat", "ring")
PARK = PlaceEntry("0010a42319d0", "park", None)
PLACES = Places({"00:10:a4:23:19:c0": ARBAT, "00:10:a4:23:19:d0": PARK})


def test_an_access_point_is_found_by_its_mac_and_by_the_bssids_it_makes_of_it():
    assert len(PLACES) == 2
    assert PLACES.find("00:10:a4:23:19:c0") is ARBAT
    assert PLACES.find("00:10:a4:23:19:c7") is ARBAT
    assert PLACES.find("02:10:a4:23:19:c1") is ARBAT
    assert PLACES.find("00:10:a4:23:19:df") is PARK
    assert PLACES.find("00:10:a4:23:19:e0") is None
    assert PLACES.find(None) is None
    assert NOWHERE.find("00:10:a4:23:19:c0") is None


def test_where_access_points_number_densely_only_their_own_macs_tell():
    dense = Places({f"00:10:a4:23:19:c{last}": PlaceEntry(str(last), "site", None) for last in range(3)})
    assert dense.find("00:10:a4:23:19:c2").serial == "2"
    assert dense.find("00:10:a4:23:19:c7") is None


def test_what_an_access_point_told_counts_most():
    other = PlaceEntry("0010a42319f0", "park", None)
    places = Places({"00:10:a4:23:19:c0": ARBAT, "00:10:a4:23:19:c1": ARBAT, "00:10:a4:23:19:c8": other})
    assert places.find("00:10:a4:23:19:c1") is ARBAT
    assert places.find("00:10:a4:23:19:c8") is other
    assert places.find("00:10:a4:23:19:c2") is None
