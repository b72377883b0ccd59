"""Rules about access points: availability, clients, airtime, traffic, and the alerts on them.

An outage is one alert at its largest level: APs of a dark site do not alert each by itself, nor
sites of a dark district.
"""

from typing import Final

from monitoring.rules.types import Alert, Group, Recording

__all__ = ["FLEET_ALERTS", "FLEET_RECORDINGS"]

FLEET_RECORDINGS: Final = Group(
    "fleet-recordings",
    (
        Recording("site:wlan_ap_up:ratio", "avg by (site, district) (wlan_ap_up)"),
        Recording("district:wlan_ap_up:ratio", "avg by (district) (wlan_ap_up)"),
        Recording("city:wlan_ap_up:ratio", "avg(wlan_ap_up)"),
        Recording("site:wlan_ap_up:count", "count by (site, district) (wlan_ap_up)"),
        Recording("site:wlan_ap_up:sum", "sum by (site, district) (wlan_ap_up)"),
        Recording("site:wlan_ap_clients:sum", "sum by (site, district) (wlan_ap_clients)"),
        Recording("district:wlan_ap_clients:sum", "sum by (district) (wlan_ap_clients)"),
        Recording("city:wlan_ap_clients:sum", "sum(wlan_ap_clients)"),
        Recording("district:wlan_ap_config_drift:sum", "sum by (district) (wlan_ap_config_drift)"),
        Recording(
            "district_band:wlan_radio_utilization:p90",
            'quantile by (district, band) (0.9, wlan_radio_utilization_ratio{kind="busy"})',
        ),
        Recording(
            "site_band:wlan_radio_utilization:p90",
            'quantile by (site, district, band) (0.9, wlan_radio_utilization_ratio{kind="busy"})',
        ),
        Recording(
            "district_band:wlan_radio_transmit_retry:avg",
            "avg by (district, band) (wlan_radio_transmit_retry_ratio)",
        ),
        Recording(
            "district:wlan_ap_uplink_receive_bytes:rate5m",
            "sum by (district) (rate(wlan_ap_uplink_receive_bytes_total[5m]))",
        ),
        Recording(
            "district:wlan_ap_uplink_transmit_bytes:rate5m",
            "sum by (district) (rate(wlan_ap_uplink_transmit_bytes_total[5m]))",
        ),
        Recording("district:wlan_sessions_open:sum", "sum by (district) (wlan_sessions_open)"),
        Recording("ap:wlan_ap_up:avg_over_time1d", "avg_over_time(wlan_ap_up[1d])"),
    ),
)

FLEET_ALERTS: Final = Group(
    "fleet-alerts",
    (
        Alert(
            alert="WlanDistrictDown",
            expr="district:wlan_ap_up:ratio == 0",
            hold="1m",
            severity="page",
            summary="District {{ $labels.district }} is dark",
            description="No access point of district {{ $labels.district }} is connected.",
            command="kolco ap list --district {{ $labels.district }}",
        ),
        Alert(
            alert="WlanDistrictDegraded",
            expr="district:wlan_ap_up:ratio < 0.9 and district:wlan_ap_up:ratio > 0",
            hold="10m",
            severity="page",
            summary="District {{ $labels.district }} has {{ $value | humanizePercentage }} of its APs",
            description="More than one AP in ten of district {{ $labels.district }} is down.",
            command="kolco ap list --district {{ $labels.district }}",
        ),
        Alert(
            alert="WlanSiteDown",
            expr="site:wlan_ap_up:ratio == 0 unless on (district) district:wlan_ap_up:ratio == 0",
            hold="2m",
            severity="page",
            summary="Site {{ $labels.site }} is dark",
            description="No access point of site {{ $labels.site }} is connected: its power or uplink.",
            command="kolco ap list --site {{ $labels.site }}",
        ),
        Alert(
            alert="WlanApDown",
            expr="wlan_ap_up == 0 unless on (site) site:wlan_ap_up:ratio == 0",
            hold="5m",
            severity="ticket",
            summary="AP {{ $labels.ap }} at {{ $labels.site }} is down",
            description="The AP has not been heard from for five minutes, others at its site have.",
            command="kolco ap show {{ $labels.ap }}",
            keep_firing="2m",
        ),
        Alert(
            alert="WlanApFlapping",
            expr="changes(wlan_ap_up[1h]) > 6",
            hold="0s",
            severity="ticket",
            summary="AP {{ $labels.ap }} at {{ $labels.site }} comes and goes",
            description="The AP went up or down {{ $value }} times within an hour.",
            command="kolco ap show {{ $labels.ap }}",
        ),
        Alert(
            alert="WlanApStaleTelemetry",
            expr="time() - wlan_ap_last_report_timestamp_seconds > 300 and on (ap) wlan_ap_up == 1",
            hold="5m",
            severity="ticket",
            summary="AP {{ $labels.ap }} is connected but reports nothing",
            description="Its last state report is {{ $value | humanizeDuration }} old.",
            command="kolco ap show {{ $labels.ap }}",
        ),
        Alert(
            alert="WlanConfigDrift",
            expr="wlan_ap_config_drift == 1 and on (ap) wlan_ap_up == 1",
            hold="15m",
            severity="ticket",
            summary="AP {{ $labels.ap }} does not run its configuration",
            description="The AP has run another configuration than the one wanted for 15 minutes.",
            command="kolco ap show {{ $labels.ap }}",
        ),
        Alert(
            alert="WlanRadioSaturated",
            expr='wlan_radio_utilization_ratio{kind="busy"} > 0.8',
            hold="15m",
            severity="ticket",
            summary="Radio {{ $labels.radio }} ({{ $labels.band }} GHz) of AP {{ $labels.ap }} is saturated",
            description="Airtime has been {{ $value | humanizePercentage }} busy for 15 minutes.",
            command="kolco ap show {{ $labels.ap }}",
        ),
        Alert(
            alert="WlanFleetAbsent",
            expr="absent(wlan_ap_up)",
            hold="5m",
            severity="page",
            summary="Prometheus sees no access point at all",
            description="The monitor is not scraped, or the inventory holds no adopted AP.",
            command="kolco doctor",
        ),
    ),
)
