from copy import deepcopy

import pytest

from controller.provisioning.merge import merge
from controller.provisioning.render.ucentral import render
from controller.provisioning.types import ApFacts
from controller.provisioning.validate import validate
from controller.wlans.types import WlanView

AP = ApFacts("0a1b2c3d4e5f", "Парк 1", "cig_wf196", "park", "Парк", "ул. 1")
WLANS = [
    WlanView("a", "Москва_Бесплатно", "open", ("2.4", "5"), None, True, True, True, ()),
    WlanView("b", "Москва_OWE", "owe", ("2.4", "5", "6"), 20, True, True, True, ()),
]


@pytest.fixture
def config() -> dict:
    return deepcopy(render(merge(AP, WLANS)))


def paths(config) -> list[str]:
    return [fault.path for fault in validate(config)]


def ssid(config, interface=0) -> dict:
    return config["interfaces"][interface]["ssids"][0]


def test_what_we_render_is_good(config):
    assert validate(config) == ()


def test_an_ssid_is_measured_in_bytes(config):
    ssid(config)["name"] = "Москва_WiFi_Бесплатно"
    (fault,) = validate(config)
    assert fault.path == "interfaces[0].ssids[0].name"
    assert "36 bytes" in fault.reason
    ssid(config)["name"] = "ы" * 16
    assert validate(config) == ()


@pytest.mark.parametrize("name", ["", "ы" * 17, "a\0b", "\ud800"])
def test_ssids_that_do_not_go_on_air(config, name):
    ssid(config)["name"] = name
    assert paths(config) == ["interfaces[0].ssids[0].name"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda c: c["unit"].update(hostname="bad host"), "unit.hostname"),
        (lambda c: c["radios"][0].update({"band": "7G"}), "radios[0].band"),
        (lambda c: c["radios"][0].update({"valid-channels": [1, 36]}), "radios[0].channel"),
        (lambda c: c["radios"][1].update({"channel": 14}), "radios[1].channel"),
        (lambda c: c["radios"][0].update({"channel-width": 160}), "radios[0].channel-width"),
        (lambda c: c["radios"][0].update({"tx-power": 31}), "radios[0].tx-power"),
        (lambda c: c["radios"].append(c["radios"][0]), "radios"),
        (lambda c: c["metrics"]["health"].update(interval=59), "metrics.health.interval"),
        (lambda c: c["interfaces"][1]["vlan"].update(id=4051), "interfaces[1].vlan.id"),
        (lambda c: c["interfaces"][1]["vlan"].update(id=0), "interfaces[1].vlan.id"),
        (lambda c: ssid(c).update({"wifi-bands": []}), "interfaces[0].ssids[0].wifi-bands"),
        (lambda c: ssid(c)["encryption"].update(proto="wep"), "interfaces[0].ssids[0].encryption.proto"),
        (lambda c: ssid(c)["encryption"].update(proto="psk2"), "interfaces[0].ssids[0].encryption.key"),
        (
            lambda c: ssid(c, 1)["encryption"].pop("ieee80211w"),
            "interfaces[1].ssids[0].encryption.ieee80211w",
        ),
        (lambda c: ssid(c).update({"wifi-bands": ["2G", "6G"]}), "interfaces[0].ssids[0].encryption.proto"),
        (lambda c: c["interfaces"].pop(0), "interfaces[0]"),
    ],
)
def test_each_fault_names_its_place(config, change, path):
    change(config)
    assert path in paths(config)


def test_a_band_without_radio(config):
    del config["radios"][2]
    assert paths(config) == ["interfaces[1].ssids[0].wifi-bands"]


def test_no_radios_at_all(config):
    config["radios"] = []
    assert "radios" in paths(config)


def test_the_same_name_twice_on_a_band(config):
    config["interfaces"][0]["ssids"].append(ssid(config))
    assert paths(config) == ["interfaces[0].ssids[1].name", "interfaces[0].ssids[1].name"]


def test_the_same_vlan_twice(config):
    config["interfaces"].append({**config["interfaces"][1], "ssids": []})
    assert paths(config) == ["interfaces[2].vlan.id"]


def test_a_radio_carries_eight(config):
    config["interfaces"][0]["ssids"] = [{**ssid(config), "name": f"n{n}"} for n in range(8)]
    assert len(validate(config)) == 2
    assert paths(config) == ["interfaces", "interfaces"]
