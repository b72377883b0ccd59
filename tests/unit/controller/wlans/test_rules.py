import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from controller.wlans.rules import apply_changes, changed_fields, check_ssid, check_wlan, find_clash
from controller.wlans.types import WlanChanges, WlanView


def wlan(**fields) -> WlanView:
    values = {
        "id": "city", "ssid": "City", "security": "open", "bands": ("2.4", "5"), "vlan": None,
        "isolate": True, "enabled": True, "all_sites": True, "sites": (),
    }  # fmt: skip
    return WlanView(**(values | fields))


@pytest.mark.parametrize("ssid", ["a", "x" * 32, "Ж" * 16, "Москва_Бесплатно", "Wi-Fi в метро"])
def test_ssids_that_fit(ssid):
    assert check_ssid(ssid) == ssid


@pytest.mark.parametrize(
    ("ssid", "part"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (" a", "space"),
        ("a ", "space"),
        ("x" * 33, "33 bytes"),
        ("Ж" * 17, "34 bytes"),
        ("Москва_WiFi_Бесплатно", "36 bytes"),
        ("a\x00b", "control"),
        ("a\nb", "control"),
        ("\ud800", "Unicode"),
    ],
)
def test_ssids_that_do_not(ssid, part):
    with pytest.raises(InvalidInputError) as caught:
        check_ssid(ssid)
    assert part in caught.value.message


def test_letters_are_composed():
    assert check_ssid("Й" * 16) == "Й" * 16  # NFD would take 64 bytes


@given(st.text(max_size=40))
def test_any_text_is_taken_or_refused(text):
    try:
        ssid = check_ssid(text)
    except InvalidInputError:
        return
    assert 1 <= len(ssid.encode()) <= 32
    assert check_ssid(ssid) == ssid


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"id": "City"}, "identifier"),
        ({"bands": ()}, "band"),
        ({"bands": ("6",)}, "6 GHz"),
        ({"bands": ("5", "6"), "security": "owe-transition"}, "6 GHz"),
        ({"vlan": 0}, "VLAN"),
        ({"vlan": 4095}, "VLAN"),
    ],
)
def test_wlans_that_are_refused(fields, part):
    with pytest.raises(InvalidInputError) as caught:
        check_wlan(wlan(**fields))
    assert part in caught.value.message


def test_canonical_form():
    checked = check_wlan(wlan(bands=("6", "2.4"), security="owe", all_sites=False, sites=("b", "a", "b")))
    assert (checked.bands, checked.sites) == (("2.4", "6"), ("a", "b"))


def test_changes_leave_the_rest():
    before = wlan(all_sites=False, sites=("a",), vlan=5)
    assert apply_changes(before, WlanChanges()) == before
    assert apply_changes(before, WlanChanges(vlan=0)).vlan is None
    assert apply_changes(before, WlanChanges(sites=())).all_sites
    assert apply_changes(before, WlanChanges(isolate=False, enabled=False)).enabled is False
    assert apply_changes(wlan(), WlanChanges(sites=("b",))).sites == ("b",)


def test_a_wlan_whose_sites_are_gone_is_not_put_on_the_air_everywhere():
    orphan = wlan(all_sites=False, sites=())
    assert not apply_changes(orphan, WlanChanges(ssid="New")).all_sites


def test_changed_fields_are_json():
    changed = changed_fields(wlan(), wlan(ssid="New", bands=("5",)))
    assert changed == {"ssid": ["City", "New"], "bands": [["2.4", "5"], ["5"]]}


@pytest.mark.parametrize(
    ("fields", "clashes"),
    [
        ({}, True),
        ({"ssid": "Other"}, False),
        ({"enabled": False}, False),
        ({"bands": ("6",), "security": "owe"}, False),
        ({"all_sites": False, "sites": ("a",)}, True),
    ],
)
def test_clash_with_one_that_is_everywhere(fields, clashes):
    other = wlan(id="other")
    found = find_clash(wlan(**fields), [other])
    assert (found == other) is clashes


def test_no_clash_at_different_sites():
    here, there = wlan(all_sites=False, sites=("a",)), wlan(id="b", all_sites=False, sites=("b",))
    assert find_clash(here, [there]) is None
