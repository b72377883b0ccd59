from dataclasses import replace

import pytest

from controller.provisioning.merge import merge
from controller.provisioning.types import ApFacts
from controller.wlans.types import WlanView

AP = ApFacts("0a1b2c3d4e5f", "Парк 1", "edgecore_eap104", "park", "Парк", "ул. 1")
WLAN = WlanView("city", "City", "open", ("2.4", "5"), None, True, True, True, ())


def ids(*wlans) -> list[str]:
    return [wlan.id for wlan in merge(AP, wlans).wlans]


def test_a_wlan_for_all_sites_is_offered():
    intent = merge(AP, [WLAN])
    assert intent.wlans == (WLAN,)
    assert intent.country == "RU"


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"enabled": False}, False),
        ({"all_sites": False, "sites": ("park",)}, True),
        ({"all_sites": False, "sites": ("square",)}, False),
        ({"all_sites": False, "sites": ()}, False),
        ({"bands": ("6",)}, False),
        ({"bands": ("5", "6")}, True),
    ],
)
def test_site_bands_and_switch_decide(changes, offered):
    assert bool(ids(replace(WLAN, **changes))) is offered


def test_bands_are_cut_to_what_the_model_has():
    (wlan,) = merge(AP, [replace(WLAN, bands=("5", "6"))]).wlans
    assert wlan.bands == ("5",)


def test_the_order_of_input_does_not_matter():
    other = replace(WLAN, id="aaa", ssid="A")
    assert ids(WLAN, other) == ids(other, WLAN) == ["aaa", "city"]
