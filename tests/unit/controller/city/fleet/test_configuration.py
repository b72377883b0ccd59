"""A simulated access point rejects what a real one would, names it, and applies the rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.city.fleet.configuration import ConfigurationError, apply_configuration

BANDS = frozenset({"2G", "5G"})
RADIOS = [{"band": "2G", "channel": "auto", "valid-channels": [1, 6]}, {"band": "5G", "channel": 36}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
SSID_KEYS = st.sampled_from(["name", "wifi-bands", "encryption", "bss-mode"])


def config(*ssids, radios=None, **more):
    return {"radios": RADIOS if radios is None else radios, "interfaces": [{"ssids": list(ssids)}], **more}


def test_a_cyrillic_name_is_applied_on_the_bands_it_names() -> None:
    applied = apply_configuration(
        config({"name": "Москва_Бесплатно", "wifi-bands": ["2G", "5G", "6G"]}), BANDS
    )
    assert [(ssid.name, ssid.bands) for ssid in applied.ssids] == [("Москва_Бесплатно", ("2G", "5G"))]
    assert applied.rejected == ()
    assert applied.radios["5G"].channel == 36
    assert applied.radios["2G"].channel is None
    assert applied.radios["2G"].choice == (1, 6)


@pytest.mark.parametrize(
    ("ssid", "why"),
    [
        ({"name": "Москва_WiFi_Бесплатно", "wifi-bands": ["5G"]}, "36 bytes"),
        ({"name": ""}, "0 bytes"),
        ({"name": "a\x01"}, "control character"),
        ({"name": "a", "wifi-bands": ["7G"]}, "unknown band"),
        ({"name": "a", "encryption": {"proto": "wep"}}, "unknown encryption"),
        ({"bss-mode": "ap"}, "no name"),
        ("a", "no name"),
    ],
)
def test_a_bad_ssid_is_named_and_the_good_one_applied(ssid, why: str) -> None:
    applied = apply_configuration(config(ssid, {"name": "good", "wifi-bands": ["5G"]}), BANDS)
    assert [one.name for one in applied.ssids] == ["good"]
    assert len(applied.rejected) == 1
    assert applied.rejected[0].startswith("interfaces/0/ssids/0: ")
    assert why in applied.rejected[0]


def test_a_radio_takes_eight_networks() -> None:
    many = [{"name": f"n{number}", "wifi-bands": ["5G"]} for number in range(9)]
    applied = apply_configuration(config(*many), BANDS)
    assert len(applied.ssids) == 8
    assert "more than 8" in applied.rejected[0]


def test_a_channel_that_does_not_exist_is_rejected() -> None:
    applied = apply_configuration(config(radios=[{"band": "5G", "channel": 37}]), BANDS)
    assert applied.rejected == ("radios/0: channel 37 does not exist on 5G",)


def test_intervals_are_taken_but_not_below_a_minute() -> None:
    metrics = {"statistics": {"interval": 120}, "health": {"interval": 5}}
    applied = apply_configuration(config(metrics=metrics), BANDS)
    assert (applied.state_interval_s, applied.health_interval_s) == (120, 60)


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"radios": []}, {"radios": {}, "interfaces": []}])
def test_without_lists_nothing_is_applied(broken) -> None:
    with pytest.raises(ConfigurationError):
        apply_configuration(broken, BANDS)


@settings(max_examples=60)
@given(
    JSON
    | st.fixed_dictionaries(
        {
            "radios": st.lists(JSON | st.dictionaries(st.sampled_from(["band", "channel"]), JSON)),
            "interfaces": st.lists(
                JSON | st.fixed_dictionaries({"ssids": st.lists(st.dictionaries(SSID_KEYS, JSON))})
            ),
        },
        optional={"metrics": JSON},
    )
)
def test_any_json_is_judged(document) -> None:
    try:
        applied = apply_configuration(document, BANDS)
    except ConfigurationError:
        return
    assert all(1 <= len(ssid.name.encode()) <= 32 for ssid in applied.ssids)
