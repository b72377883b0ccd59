"""What an AP's row becomes, and what a lying or dead AP cannot become."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.collectors.fleet import FleetCollector, channel_frequency_hz, collect_fleet, is_up
from monitoring.metrics import CATALOGUE, find_metric
from monitoring.snapshot import FleetSnapshot
from tests.factories.monitoring import NOW, SSID, ap, fleet, radio, summary

LABELS = ("24f5a2000001", "site-1", "district-1", "garden-ring")


def collect(*rows, ssids=frozenset({SSID})):
    families = collect_fleet(FleetSnapshot(taken_at=NOW, aps=rows, ssids=ssids), silent_after_s=200)
    return {family.metric.name: dict(family.samples) for family in families}


def test_a_full_report_gives_every_family_of_the_fleet():
    families = collect_fleet(fleet(), silent_after_s=200)
    assert all(family.samples for family in families), [f.metric.name for f in families if not f.samples]
    expected = {
        m.name for m in CATALOGUE if m.name.startswith(("wlan_ap", "wlan_radio", "wlan_bss", "wlan_site_"))
    }
    assert {family.metric.name for family in families} == expected


def test_values_and_labels_of_an_ap():
    got = collect(ap(1))
    assert got["wlan_ap_up"] == {LABELS: 1}
    assert got["wlan_ap_clients"] == {LABELS: 10}
    assert got["wlan_ap_last_report_timestamp_seconds"] == {LABELS: NOW - 10}
    assert got["wlan_ap_config_drift"] == {LABELS: 0}
    assert got["wlan_ap_uplink_receive_bytes_total"] == {LABELS: 10_000_000}
    assert got["wlan_radio_channel_frequency_hertz"][(*LABELS, "1", "5")] == 5_180_000_000
    assert got["wlan_radio_channel_width_hertz"][(*LABELS, "1", "5")] == 80_000_000
    assert got["wlan_radio_utilization_ratio"][(*LABELS, "0", "2.4", "busy")] == 0.42
    assert got["wlan_radio_transmit_retry_ratio"][(*LABELS, "0", "2.4")] == 0.05
    assert got["wlan_bss_stations"] == {(*LABELS, SSID, "2.4"): 3, (*LABELS, SSID, "5"): 7}


def test_a_dead_controller_does_not_leave_aps_up():
    row = ap(1, last_seen_at=NOW - 201)
    assert not is_up(row, now=NOW, silent_after_s=200)
    assert collect(row)["wlan_ap_up"] == {LABELS: 0}


def test_a_down_ap_repeats_no_old_reading():
    got = collect(ap(1, connected=False))
    assert {name for name, samples in got.items() if samples} == {
        "wlan_ap_up",
        "wlan_ap_info",
        "wlan_ap_config_drift",
        "wlan_ap_last_report_timestamp_seconds",
        "wlan_aps",
    }


@pytest.mark.parametrize(
    ("changes", "drift"),
    [
        ({}, 0),
        ({"running_config": 4}, 1),
        ({"config_status": "rejected"}, 1),
        ({"config_status": "failed"}, 1),
        ({"desired_config": None, "config_status": ""}, 0),
    ],
)
def test_drift(changes, drift):
    assert collect(ap(1, **changes))["wlan_ap_config_drift"] == {LABELS: drift}


def test_planned_aps_are_counted_but_not_expected():
    got = collect(ap(1, state="planned"), ap(11), ap(21))
    assert len(got["wlan_ap_up"]) == 2
    assert got["wlan_aps"] == {
        ("site-1", "district-1", "garden-ring", "adopted"): 2,
        ("site-1", "district-1", "garden-ring", "planned"): 1,
    }


def test_unknown_networks_and_bands_are_one_series():
    bss = [{"ssid": f"evil-{n}", "band": f"{n} GHz", "stations": 1} for n in range(50)]
    got = collect(ap(1, summary=summary(bss=bss, radios=[radio("60")])))
    assert got["wlan_bss_stations"] == {(*LABELS, "other", "other"): 50}
    assert set(got["wlan_radio_stations"]) == {(*LABELS, "0", "other")}


def test_a_hundred_radios_are_four():
    got = collect(ap(1, summary=summary(radios=[radio()] * 100)))
    assert len(got["wlan_radio_stations"]) == 4


@pytest.mark.parametrize("value", [math.nan, math.inf, "12", None, True, [], {}])
def test_what_is_no_number_is_left_out(value):
    got = collect(ap(1, summary=summary(temperature_c=value)))
    assert got["wlan_ap_temperature_celsius"] == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["radios", "bss", "load", "ssid", "band", "stations", "channel"]), inner
            )
        ),
    )
)
def test_any_report_is_survived(report):
    collect(replace(ap(1), summary=report if isinstance(report, dict) else {"radios": report, "bss": report}))


@pytest.mark.parametrize(
    ("band", "channel", "megahertz"),
    [
        ("2.4", 1, 2412),
        ("2.4", 13, 2472),
        ("2.4", 14, 2484),
        ("5", 36, 5180),
        ("5", 165, 5825),
        ("6", 1, 5955),
        ("6", 233, 7115),
    ],
)
def test_channel_frequency(band, channel, megahertz):
    assert channel_frequency_hz(band, channel) == megahertz * 1_000_000


@pytest.mark.parametrize(("band", "channel"), [("other", 1), ("5", None), ("5", 0), ("6", 234)])
def test_channel_frequency_of_nonsense(band, channel):
    assert channel_frequency_hz(band, channel) is None


def test_the_collector_serves_a_registry():
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(lambda: fleet(2), silent_after_s=200))
    page = generate_latest(registry).decode()
    names = {sample.name for family in text_string_to_metric_families(page) for sample in family.samples}
    assert "wlan_ap_up" in names
    assert all(find_metric(name) for name in names)
