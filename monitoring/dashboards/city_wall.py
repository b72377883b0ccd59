"""The dashboard on the NOC's wall: is the city's Wi-Fi all right, and if not, where.

From the general to the particular: six numbers, districts, airtime and traffic, the citizen's way
in, our own machines. Fleet panels read recorded series or one sum, never a query per AP.
"""

from itertools import count
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards.panels import DATASOURCE, SELECTOR, Panel, bars, rows, single, trend

__all__ = ["build_city_wall"]

UID: Final = "kolco-city-wall"
RATE: Final = "[$__rate_interval]"
DISTRICT: Final = 'district=~"$district"'
HEALTH: Final = ((None, "red"), (0.9, "orange"), (0.99, "green"))
ANY_IS_BAD: Final = ((None, "green"), (1, "orange"), (10, "red"))


def build_city_wall() -> model.Dashboard:
    """Build the dashboard: schema version 36, panels numbered in reading order."""
    wall = (
        dashboard.Dashboard("City wall")
        .uid(UID)
        .description(
            "Is the city's Wi-Fi all right, and if not, where. Rendered by `kolco monitor dashboards`."
        )
        .tags(["kolco", "noc"])
        .readonly()
        .time("now-6h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").multi(False)
        )
        .with_variable(_label_variable("district", "District", "label_values(wlan_site_info, district)"))
        .with_variable(_label_variable("site", "Site", f"label_values(wlan_site_info{{{DISTRICT}}}, site)"))
    )
    numbers = count(1)
    for title, panels in _sections():
        wall = wall.with_row(dashboard.Row(title).id(next(numbers)))
        for panel in panels:
            wall = wall.with_panel(panel.id(next(numbers)))
    return wall.build()


def _label_variable(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": f"variable-{name}"})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def _sections() -> list[tuple[str, list[Panel]]]:
    return [
        ("Now", _now()),
        ("Districts", _districts()),
        ("Air and traffic", _air()),
        ("The citizen's way in", _way_in()),
        ("Our own machines", _machines()),
    ]


def _now() -> list[Panel]:
    up, expected = f"sum(site:wlan_ap_up:sum{{{SELECTOR}}})", f"sum(site:wlan_ap_up:count{{{SELECTOR}}})"
    return [
        single(
            "Access points up",
            "Part of the adopted access points that are connected and heard from.",
            f"{up} / {expected}",
            unit="percentunit",
            steps=HEALTH,
            decimals=2,
        ),
        single(
            "Access points down",
            "Adopted access points that are not.",
            f"{expected} - {up}",
            unit="short",
            steps=ANY_IS_BAD,
        ),
        single(
            "Stations",
            "Phones and computers associated with the access points now.",
            f"sum(site:wlan_ap_clients:sum{{{SELECTOR}}})",
            unit="short",
        ),
        single(
            "Citizens online",
            "Open sessions: logged in and let through.",
            f"sum(wlan_sessions_open{{{SELECTOR}}}) or vector(0)",
            unit="short",
        ),
        single(
            "Alerts firing",
            "Alerts of all rules that fire now, in the whole city.",
            'count(ALERTS{alertstate="firing"}) or vector(0)',
            unit="short",
            steps=ANY_IS_BAD,
        ),
        single(
            "Age of the fleet's numbers",
            "How long ago the monitor read the database; grows while the database is away.",
            "max(kolco_monitor_snapshot_age_seconds)",
            unit="s",
            steps=((None, "green"), (60, "orange"), (120, "red")),
        ),
    ]


def _districts() -> list[Panel]:
    return [
        bars(
            "Availability by district",
            "Part of each district's access points that are up.",
            (f"sort(district:wlan_ap_up:ratio{{{DISTRICT}}})", "{{district}}"),
            unit="percentunit",
            steps=HEALTH,
            top=1,
        ),
        rows(
            "The ten worst sites",
            "Sites with the smallest part of their access points up.",
            f"bottomk(10, site:wlan_ap_up:ratio{{{SELECTOR}}})",
            unit="percentunit",
        ),
        trend(
            "Stations by district",
            "Stations associated, added up by district.",
            (f"district:wlan_ap_clients:sum{{{DISTRICT}}}", "{{district}}"),
            unit="short",
            stacked=True,
        ),
        trend(
            "Configuration drift",
            "Access points that do not run the configuration the controller wants, or refused it.",
            (f"district:wlan_ap_config_drift:sum{{{DISTRICT}}}", "{{district}}"),
            unit="short",
            stacked=True,
        ),
    ]


def _air() -> list[Panel]:
    return [
        trend(
            "Busy airtime, nine radios in ten are below",
            "Ninetieth percentile of channel utilisation over the radios, by band.",
            (
                f"max by (band) (site_band:wlan_radio_utilization:p90{{{SELECTOR}}})",
                "{{band}} GHz, worst site",
            ),
            (
                f"avg by (band) (site_band:wlan_radio_utilization:p90{{{SELECTOR}}})",
                "{{band}} GHz, mean of sites",
            ),
            unit="percentunit",
            top=1,
        ),
        trend(
            "Frames sent again",
            "Retries per frame sent, over the stations present, mean of the radios by band.",
            (f"avg by (band) (district_band:wlan_radio_transmit_retry:avg{{{DISTRICT}}})", "{{band}} GHz"),
            unit="percentunit",
        ),
        trend(
            "Stations by network",
            "Stations by network name; names the controller does not know are one series.",
            (f"sum by (ssid) (wlan_bss_stations{{{SELECTOR}}})", "{{ssid}}"),
            unit="short",
            stacked=True,
        ),
        trend(
            "Traffic on the access points' uplinks",
            "Bytes per second between access points and the network.",
            (f"sum(district:wlan_ap_uplink_receive_bytes:rate5m{{{DISTRICT}}})", "to access points"),
            (f"sum(district:wlan_ap_uplink_transmit_bytes:rate5m{{{DISTRICT}}})", "from access points"),
            unit="Bps",
        ),
    ]


def _way_in() -> list[Panel]:
    rate = RATE
    return [
        trend(
            "Probes and redirects at the gateways",
            "Connectivity probes answered by operating system and answer, and requests sent to the portal.",
            (f"sum by (os, state) (rate(kolco_gateway_probes_total{rate}))", "{{os}} {{state}}"),
            (f"sum(rate(kolco_gateway_redirects_total{rate}))", "redirects"),
            unit="reqps",
        ),
        trend(
            "Sessions begun",
            "Sessions begun per second, by the way of login.",
            (f"sum by (method) (rate(wlan_session_starts_total{{{SELECTOR}}}{rate}))", "{{method}}"),
            unit="ops",
        ),
        trend(
            "From the page to the login",
            "Per second: pages shown, codes asked for, sent and typed in right, logins.",
            (f"sum(rate(kolco_portal_pages_total{rate}))", "pages"),
            (f"sum(rate(kolco_portal_codes_requested_total{rate}))", "codes asked for"),
            (f'sum(rate(kolco_portal_codes_sent_total{{outcome="sent"}}{rate}))', "codes sent"),
            (f'sum(rate(kolco_portal_codes_verified_total{{outcome="right"}}{rate}))', "codes right"),
            (f"sum(rate(kolco_portal_logins_total{rate}))", "logins"),
            unit="ops",
            width=8,
        ),
        trend(
            "Portal success",
            "Part of the login codes that were sent, and of the requests answered without a server error.",
            ("service:kolco_portal_codes_sent:success_ratio_rate5m", "codes sent"),
            ("1 - service:kolco_portal_requests:error_ratio_rate5m", "requests"),
            unit="percentunit",
            top=1,
            width=8,
        ),
        trend(
            "Portal delay",
            "95 of 100 requests are answered within this time, by route.",
            ("service:kolco_portal_request_seconds:p95_rate5m", "{{route}}"),
            unit="s",
            width=8,
        ),
        trend(
            "RADIUS answers",
            "Answers per second by outcome.",
            (f"sum by (outcome) (rate(kolco_radius_replies_total{rate}))", "{{outcome}}"),
            unit="reqps",
        ),
        trend(
            "RADIUS delay",
            "99 of 100 answers leave within this time of the request.",
            ("service:kolco_radius_reply_seconds:p99_rate5m", "{{kind}}"),
            unit="s",
        ),
        trend(
            "The gate opens within",
            "95 of 100 openings and closings take at most this time from the event to the kernel's answer.",
            ("service:kolco_gateway_open_latency_seconds:p95_rate5m", "{{gateway}}"),
            unit="s",
        ),
        trend(
            "Citizens' traffic",
            "Accounted bytes per second; up is from the citizen.",
            (f"sum by (direction) (rate(wlan_session_bytes_total{{{SELECTOR}}}{rate}))", "{{direction}}"),
            unit="Bps",
        ),
    ]


def _machines() -> list[Panel]:
    rate = RATE
    return [
        bars(
            "Daemons that answer",
            "1 when Prometheus could read the daemon's numbers at the last try.",
            ('up{job=~"kolco-.+"}', "{{job}} {{instance}}"),
            unit="short",
            steps=((None, "red"), (1, "green")),
            top=1,
            width=8,
        ),
        bars(
            "DHCP and DNS at the gateways",
            "1 while the gateway's DHCP and DNS server runs.",
            ("kolco_gateway_dnsmasq_up", "{{gateway}}"),
            unit="short",
            steps=((None, "red"), (1, "green")),
            top=1,
            width=8,
        ),
        trend(
            "Connections of access points",
            "Open connections on the access point channel, and clients the gates let through.",
            ("sum(kolco_ap_channel_connected)", "access points"),
            ("sum(kolco_gateway_sessions_open)", "clients at the gates"),
            unit="short",
            width=8,
        ),
        trend(
            "Messages from access points",
            "Messages per second by method.",
            (f"sum by (method) (rate(kolco_ap_channel_messages_total{rate}))", "{{method}}"),
            unit="ops",
        ),
        trend(
            "Commands to access points",
            "Commands per second by outcome.",
            (f"sum by (outcome) (rate(kolco_ap_channel_commands_total{rate}))", "{{outcome}}"),
            unit="ops",
        ),
    ]
