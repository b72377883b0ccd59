"""Counters only grow, uptime rises, and what is on the air follows the configuration."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.city.fleet.configuration import Applied, RadioSetting, Ssid
from controller.city.fleet.hardware import MODEL_BANDS, Hardware
from controller.city.fleet.people import AWAY, Station
from controller.city.plan import MODELS

NOW = 1_795_000_000.0
BOTH = Applied(ssids=(Ssid("Москва", ("2G", "5G")),))


def hardware(applied: Applied = BOTH, bands=("2G", "5G")) -> Hardware:
    made = Hardware("d2c100000100", 1, bands, Random(4), NOW)
    made.apply(applied)
    return made


def people(count: int, rssi: int = -50) -> list[Station]:
    stations = [Station(f"02:00:00:00:00:{number:02x}", AWAY, 20_000.0) for number in range(count)]
    for station in stations:
        station.rssi = rssi
    return stations


def numbers(made: Hardware) -> list[int]:
    """Everything that must never fall while the same stations stay."""
    uplink = made.body.interfaces[0]
    counters = [uplink.counters, *(bss.counters for bss in uplink.ssids)]
    links = [link for bss in uplink.ssids for link in bss.associations]
    names = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets")
    return [
        made.body.unit.uptime,
        *(getattr(one, name) for one in counters for name in names),
        *(sum(getattr(link, name) for link in links) for name in (*names, "tx_retries", "tx_failed")),
    ]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 1)), min_size=1, max_size=12))
def test_counters_are_monotonic(steps) -> None:
    made, stations, now = hardware(), people(9), NOW
    made.step(stations, 0.5, now)
    before = numbers(made)
    for elapsed, activity in steps:
        now += elapsed
        made.step(stations, activity, now)
        after = numbers(made)
        assert all(new >= old for new, old in zip(after, before, strict=True))
        before = after
        for radio in made.body.radios:
            survey = radio.survey[0]
            assert survey.time_rx + survey.time_tx <= survey.busy <= survey.time
            assert -95 <= survey.noise <= -88
            assert survey.frequency == radio.frequency[0]
        assert sum(len(bss.associations) for bss in made.body.interfaces[0].ssids) == 9


def test_a_restart_begins_at_zero_without_a_network() -> None:
    made = hardware()
    made.step(people(3), 0.5, NOW + 600)
    assert made.body.unit.uptime == 600
    made.boot(NOW + 700)
    assert made.body.unit.uptime == 0
    assert made.body.interfaces[0].counters.rx_bytes == 0
    assert made.body.interfaces[0].ssids == []
    made.step(people(3), 0.5, NOW + 760)
    assert made.body.unit.uptime == 60


def test_the_network_is_sent_out_on_the_bands_it_names_with_distinct_bssids() -> None:
    two = Applied(ssids=(Ssid("a", ("2G", "5G")), Ssid("b", ("5G",))))
    bsses = hardware(two).body.interfaces[0].ssids
    assert [(bss.ssid, bss.band) for bss in bsses] == [("a", "2G"), ("a", "5G"), ("b", "5G")]
    assert len({bss.bssid for bss in bsses}) == 3
    assert all(bss.bssid.startswith("d2:c1:00:00:01:") for bss in bsses)


def test_strong_stations_prefer_5_ghz_and_a_renamed_network_takes_them_anew() -> None:
    made, stations = hardware(), people(20)
    made.step(stations, 0.5, NOW + 60)
    low, high = made.body.interfaces[0].ssids
    assert (len(low.associations), len(high.associations)) == (0, 20)
    made.apply(Applied(ssids=(Ssid("new", ("2G",)),)))
    made.step(stations, 0.5, NOW + 120)
    (only,) = made.body.interfaces[0].ssids
    assert only.ssid == "new"
    assert len(only.associations) == 20
    assert all(link.bssid == only.bssid for link in only.associations)


def test_radios_follow_the_configuration() -> None:
    made = hardware()
    made.choose_channel("2G", 11)
    radios = {
        "2G": RadioSetting(choice=(1, 6)),
        "5G": RadioSetting(channel=149, width_mhz=80, tx_power_dbm=9),
    }
    made.apply(Applied(ssids=BOTH.ssids, radios=radios))
    low, high = made.body.radios
    assert low.channel in {1, 6}
    assert (high.channel, high.channel_width, high.tx_power, high.frequency) == (149, 80, 9, [5745])
    made.apply(BOTH)
    assert made.body.radios[0].channel == 11


@pytest.mark.parametrize("model", sorted({model for models in MODELS.values() for model in models}))
def test_every_model_of_the_plan_has_its_radios(model: str) -> None:
    bands = MODEL_BANDS[model]
    made = hardware(bands=bands)
    assert [radio.band for radio in made.body.radios] == [[band] for band in bands]
    assert msgspec.json.decode(msgspec.json.encode(made.body))["version"] == 1
