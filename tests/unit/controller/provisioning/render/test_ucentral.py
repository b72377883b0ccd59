from dataclasses import replace

from controller.provisioning.merge import merge
from controller.provisioning.render.ucentral import render
from controller.provisioning.types import ApFacts
from controller.wlans.types import WlanView

AP = ApFacts("0a1b2c3d4e5f", "Парк Горького 1", "cig_wf196", "park", "Парк Горького", "ул. Крымский Вал, 9")
OPEN = WlanView("a", "Москва_Бесплатно", "open", ("2.4", "5"), None, True, True, True, ())
OWE = replace(OPEN, id="b", ssid="Москва_OWE", security="owe", bands=("5", "6"), vlan=30, isolate=False)
TRANSITION = replace(OPEN, id="c", ssid="Both", security="owe-transition", vlan=20)


def rendered(*wlans: WlanView) -> dict:
    return render(merge(AP, wlans))


def test_the_unit_says_where_it_stands():
    unit = rendered()["unit"]
    assert unit["name"] == "Парк Горького 1"
    assert unit["hostname"] == "ap-0a1b2c3d4e5f"
    assert unit["location"] == "Парк Горького, ул. Крымский Вал, 9"
    assert render(merge(replace(AP, address=""), []))["unit"]["location"] == "Парк Горького"


def test_one_radio_per_band_of_the_model():
    assert [(radio["band"], radio["country"]) for radio in rendered()["radios"]] == [
        ("2G", "RU"), ("5G", "RU"), ("6G", "RU"),
    ]  # fmt: skip


def test_the_uplink_is_first_and_each_vlan_has_a_bridge():
    interfaces = rendered(OPEN, OWE, TRANSITION)["interfaces"]
    assert [item["name"] for item in interfaces] == ["WAN", "VLAN20", "VLAN30"]
    assert [item.get("vlan", {}).get("id") for item in interfaces] == [None, 20, 30]
    assert [[ssid["name"] for ssid in item["ssids"]] for item in interfaces] == [
        ["Москва_Бесплатно"], ["Both"], ["Москва_OWE"],
    ]  # fmt: skip


def test_an_access_point_without_wlans_still_has_an_uplink():
    (uplink,) = rendered()["interfaces"]
    assert uplink["role"] == "upstream"
    assert "ssids" not in uplink


def test_security_bands_and_isolation():
    interfaces = rendered(OPEN, OWE, TRANSITION)["interfaces"]
    plain, both, owe = (item["ssids"][0] for item in interfaces)
    assert plain["encryption"] == {"proto": "none"}
    assert owe["encryption"] == {"proto": "owe", "ieee80211w": "required"}
    assert both["encryption"] == {"proto": "owe-transition", "ieee80211w": "optional"}
    assert owe["wifi-bands"] == ["5G", "6G"]
    assert plain["isolate-clients"]
    assert not owe["isolate-clients"]


def test_it_reports_every_minute():
    metrics = rendered()["metrics"]
    assert metrics["statistics"]["interval"] == 60
    assert metrics["health"]["interval"] == 60


def test_equal_intents_render_equal_documents():
    assert rendered(OPEN, OWE) == rendered(OWE, OPEN)
    assert "uuid" not in rendered(OPEN)
