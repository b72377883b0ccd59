"""The catalogue: every metric the monitor daemon publishes, in one table.

The source for the collectors, for the tests of rules and dashboards, and for the documentation.
Names follow the Prometheus conventions: base units, `_total` on counters, ratios from 0 to 1,
`_info` for facts. It does not list what portal, gateway, RADIUS and the AP channel publish: their
own `metrics.py` does.

No label ever holds a citizen's MAC, address, name or phone, and no label takes a value that
somebody outside can invent: `ssid`, `band`, `method` and `reason` come from closed lists.
"""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "AP_LABELS",
    "BSS_LABELS",
    "CATALOGUE",
    "RADIO_LABELS",
    "SITE_LABELS",
    "Family",
    "Metric",
    "find_metric",
]

Kind = Literal["gauge", "counter"]
Unit = Literal[
    "bool", "bytes", "celsius", "channel", "count", "dbm", "hertz", "info", "ratio", "seconds", "timestamp"
]

SITE_LABELS: Final = ("site", "district")
AP_LABELS: Final = ("ap", *SITE_LABELS, "zone")
RADIO_LABELS: Final = (*AP_LABELS, "radio", "band")
BSS_LABELS: Final = (*AP_LABELS, "ssid", "band")
SESSION_LABELS: Final = ("site", "district", "gateway")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as Prometheus knows it: counters carry their `_total` in `name`."""

    name: str
    kind: Kind
    unit: Unit
    labels: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its samples: label values in the order of `metric.labels`, and the value."""

    metric: Metric
    samples: list[tuple[tuple[str, ...], float]]


def _gauge(name: str, unit: Unit, labels: tuple[str, ...], text: str) -> Metric:
    return Metric(name, "gauge", unit, labels, text)


def _counter(name: str, unit: Unit, labels: tuple[str, ...], text: str) -> Metric:
    return Metric(name, "counter", unit, labels, text)


# Access points
AP_UP: Final = _gauge(
    "wlan_ap_up", "bool", AP_LABELS, "1 when the adopted AP is connected and has been heard from lately."
)
AP_INFO: Final = _gauge(
    "wlan_ap_info",
    "info",
    (*AP_LABELS, "name", "model", "firmware", "latitude", "longitude"),
    "Facts about the AP; always 1.",
)
AP_LAST_REPORT: Final = _gauge(
    "wlan_ap_last_report_timestamp_seconds",
    "timestamp",
    AP_LABELS,
    "When the AP last sent its state, unix time.",
)
AP_CLIENTS: Final = _gauge("wlan_ap_clients", "count", AP_LABELS, "Stations on all radios of the AP.")
AP_UPTIME: Final = _gauge(
    "wlan_ap_uptime_seconds", "seconds", AP_LABELS, "Time since the AP booted, as it reported."
)
AP_LOAD: Final = _gauge("wlan_ap_load", "count", AP_LABELS, "One-minute load average of the AP.")
AP_MEMORY: Final = _gauge(
    "wlan_ap_memory_used_ratio", "ratio", AP_LABELS, "Used part of the AP's memory, 0 to 1."
)
AP_TEMPERATURE: Final = _gauge(
    "wlan_ap_temperature_celsius", "celsius", AP_LABELS, "Temperature the AP reports."
)
AP_UPLINK_RX: Final = _counter(
    "wlan_ap_uplink_receive_bytes_total",
    "bytes",
    AP_LABELS,
    "Bytes from the network to the AP; restarts with the AP.",
)
AP_UPLINK_TX: Final = _counter(
    "wlan_ap_uplink_transmit_bytes_total",
    "bytes",
    AP_LABELS,
    "Bytes from the AP to the network; restarts with the AP.",
)
AP_CONFIG_DRIFT: Final = _gauge(
    "wlan_ap_config_drift",
    "bool",
    AP_LABELS,
    "1 when the AP does not run the configuration the controller wants, or refused it.",
)

# Radios
RADIO_CHANNEL: Final = _gauge("wlan_radio_channel", "channel", RADIO_LABELS, "Primary channel number.")
RADIO_FREQUENCY: Final = _gauge(
    "wlan_radio_channel_frequency_hertz", "hertz", RADIO_LABELS, "Centre of the primary channel."
)
RADIO_WIDTH: Final = _gauge("wlan_radio_channel_width_hertz", "hertz", RADIO_LABELS, "Channel width.")
RADIO_TX_POWER: Final = _gauge("wlan_radio_transmit_power_dbm", "dbm", RADIO_LABELS, "Transmit power.")
RADIO_NOISE: Final = _gauge("wlan_radio_noise_dbm", "dbm", RADIO_LABELS, "Noise floor the radio measures.")
RADIO_UTILIZATION: Final = _gauge(
    "wlan_radio_utilization_ratio",
    "ratio",
    (*RADIO_LABELS, "kind"),
    "Part of the airtime that was busy, or spent on own reception (rx) or transmission (tx), 0 to 1.",
)
RADIO_RETRY: Final = _gauge(
    "wlan_radio_transmit_retry_ratio",
    "ratio",
    RADIO_LABELS,
    "Frames sent again per frame sent, over the stations on the radio now; absent when nothing was sent.",
)
RADIO_STATIONS: Final = _gauge("wlan_radio_stations", "count", RADIO_LABELS, "Stations on the radio.")
BSS_STATIONS: Final = _gauge(
    "wlan_bss_stations",
    "count",
    BSS_LABELS,
    "Stations per network; a network the controller does not know is `other`.",
)

# Sites and inventory
SITE_INFO: Final = _gauge(
    "wlan_site_info",
    "info",
    (*SITE_LABELS, "name", "district_name"),
    "Names of the site and its district; always 1.",
)
APS: Final = _gauge("wlan_aps", "count", (*SITE_LABELS, "zone", "state"), "APs in the inventory by state.")

# Sessions
SESSIONS_OPEN: Final = _gauge(
    "wlan_sessions_open",
    "count",
    (*SESSION_LABELS, "method"),
    "Citizens online now, by the way they logged in.",
)
SESSION_STARTS: Final = _counter(
    "wlan_session_starts_total",
    "count",
    (*SESSION_LABELS, "method"),
    "Sessions begun since the monitor started.",
)
SESSION_ENDS: Final = _counter(
    "wlan_session_ends_total",
    "count",
    (*SESSION_LABELS, "reason"),
    "Sessions ended since the monitor started.",
)
SESSION_BYTES: Final = _counter(
    "wlan_session_bytes_total",
    "bytes",
    (*SESSION_LABELS, "direction"),
    "Accounted traffic since the monitor started; up is from the citizen.",
)

# The monitor itself
SNAPSHOT_AGE: Final = _gauge(
    "kolco_monitor_snapshot_age_seconds",
    "seconds",
    (),
    "Age of the fleet page being served; grows while the database is away.",
)
SNAPSHOT_TIMESTAMP: Final = _gauge(
    "kolco_monitor_snapshot_timestamp_seconds",
    "timestamp",
    (),
    "When the fleet page was read from the database, unix time.",
)
SNAPSHOT_DURATION: Final = _gauge(
    "kolco_monitor_snapshot_duration_seconds",
    "seconds",
    ("stage",),
    "How long the last snapshot took: read from the database, render into the page.",
)
SNAPSHOT_FAILURES: Final = _counter(
    "kolco_monitor_snapshot_failures_total",
    "count",
    (),
    "Snapshots that failed; the last good page stayed up.",
)
SNAPSHOT_SAMPLES: Final = _gauge("kolco_monitor_snapshot_samples", "count", (), "Samples on the fleet page.")
SNAPSHOT_BYTES: Final = _gauge(
    "kolco_monitor_snapshot_page_bytes", "bytes", ("encoding",), "Size of the fleet page, plain and gzip."
)

CATALOGUE: Final[tuple[Metric, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)


def find_metric(name: str) -> Metric | None:
    """Return the catalogue's entry of that name."""
    return next((metric for metric in CATALOGUE if metric.name == name), None)
