"""Metric families of access points, radios and networks from a fleet snapshot.

Pure: rows in, samples out. What an AP reports is untrusted: values that are not finite numbers are
left out, bands and SSIDs outside the closed lists become `other`, and radios beyond the fourth are
ignored, so a broken AP cannot inflate the number of series. An AP that is down keeps only what is
still true about it (`up`, `info`, last report, drift): its last readings are not repeated as news.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from monitoring import metrics as m
from monitoring.metrics import Family, Metric
from monitoring.snapshot import ApRow, FleetSnapshot

__all__ = ["FleetCollector", "collect_fleet", "families_to_library", "is_up"]

BANDS: Final = frozenset({"2.4", "5", "6"})
OTHER: Final = "other"
MAX_RADIOS: Final = 4
MHZ: Final = 1_000_000
# IEEE 802.11-2020 annex E: channel number to centre frequency in MHz, by band; channel 14 is the exception.
BAND_START_MHZ: Final = {"2.4": 2407, "5": 5000, "6": 5950}
CHANNEL_14_MHZ: Final = 2484
CHANNEL_SPACING_MHZ: Final = 5
REFUSED: Final = frozenset({"rejected", "failed"})

_AP_VALUES: Final[tuple[tuple[Metric, str], ...]] = (
    (m.AP_UPTIME, "uptime_s"),
    (m.AP_LOAD, "load"),
    (m.AP_MEMORY, "memory_used_ratio"),
    (m.AP_TEMPERATURE, "temperature_c"),
    (m.AP_UPLINK_RX, "uplink_rx_bytes"),
    (m.AP_UPLINK_TX, "uplink_tx_bytes"),
)
_RADIO_VALUES: Final[tuple[tuple[Metric, str], ...]] = (
    (m.RADIO_CHANNEL, "channel"),
    (m.RADIO_TX_POWER, "tx_power_dbm"),
    (m.RADIO_NOISE, "noise_dbm"),
    (m.RADIO_STATIONS, "stations"),
)
_UTILIZATION: Final = (("busy", "busy_ratio"), ("rx", "rx_ratio"), ("tx", "tx_ratio"))
_FLEET_METRICS: Final = tuple(
    metric
    for metric in m.CATALOGUE
    if metric.name.startswith("wlan_")
    and metric.labels[0] in {"ap", "site"}
    and "gateway" not in metric.labels
)


def is_up(ap: ApRow, *, now: float, silent_after_s: float) -> bool:
    """Connected, and heard from within `silent_after_s`: a dead controller leaves `connected` behind."""
    return ap.connected and ap.last_seen_at is not None and now - ap.last_seen_at <= silent_after_s


def collect_fleet(snapshot: FleetSnapshot, *, silent_after_s: float) -> list[Family]:
    """Turn a snapshot into families, in the catalogue's order; a family may have no samples."""
    families = {metric.name: Family(metric, []) for metric in _FLEET_METRICS}
    inventory: Counter[tuple[str, ...]] = Counter()
    for site in snapshot.sites:
        place = site.place
        values = (place.site, place.district, site.name, site.district_name)
        families[m.SITE_INFO.name].samples.append((values, 1))
    for ap in snapshot.aps:
        inventory[(ap.place.site, ap.place.district, ap.zone, ap.state)] += 1
        if ap.state == "adopted":
            _add_ap(families, ap, snapshot, silent_after_s)
    families[m.APS.name].samples.extend(sorted(inventory.items()))
    return list(families.values())


def _add_ap(
    families: Mapping[str, Family], ap: ApRow, snapshot: FleetSnapshot, silent_after_s: float
) -> None:
    labels = (ap.serial, ap.place.site, ap.place.district, ap.zone)
    up = is_up(ap, now=snapshot.taken_at, silent_after_s=silent_after_s)
    families[m.AP_UP.name].samples.append((labels, int(up)))
    facts = (ap.name, ap.model, ap.firmware, _degrees(ap.latitude), _degrees(ap.longitude))
    families[m.AP_INFO.name].samples.append(((*labels, *facts), 1))
    drift = ap.config_status in REFUSED or (
        ap.desired_config is not None and ap.desired_config != ap.running_config
    )
    families[m.AP_CONFIG_DRIFT.name].samples.append((labels, int(drift)))
    if ap.reported_at is not None:
        families[m.AP_LAST_REPORT.name].samples.append((labels, ap.reported_at))
    if not up:
        return
    families[m.AP_CLIENTS.name].samples.append((labels, ap.clients))
    _add_values(families, _AP_VALUES, ap.summary, labels)
    for index, radio in enumerate(_mappings(ap.summary.get("radios"))[:MAX_RADIOS]):
        _add_radio(families, radio, (*labels, str(index), _band(radio)))
    stations: Counter[tuple[str, str]] = Counter()
    for bss in _mappings(ap.summary.get("bss")):
        ssid = bss.get("ssid")
        known = ssid if isinstance(ssid, str) and ssid in snapshot.ssids else OTHER
        stations[(known, _band(bss))] += int(_number(bss.get("stations")) or 0)
    families[m.BSS_STATIONS.name].samples.extend(((*labels, *key), count) for key, count in stations.items())


def _add_radio(families: Mapping[str, Family], radio: Mapping[str, Any], labels: tuple[str, ...]) -> None:
    _add_values(families, _RADIO_VALUES, radio, labels)
    frequency = channel_frequency_hz(labels[-1], _number(radio.get("channel")))
    if frequency is not None:
        families[m.RADIO_FREQUENCY.name].samples.append((labels, frequency))
    width = _number(radio.get("channel_width_mhz"))
    if width is not None:
        families[m.RADIO_WIDTH.name].samples.append((labels, width * MHZ))
    # The report sums over the stations present, so the sums fall when one leaves: they are no counters.
    packets, retries = _number(radio.get("tx_packets")), _number(radio.get("tx_retries"))
    if packets and packets > 0 and retries is not None and retries >= 0:
        families[m.RADIO_RETRY.name].samples.append((labels, retries / packets))
    for kind, key in _UTILIZATION:
        ratio = _number(radio.get(key))
        if ratio is not None:
            families[m.RADIO_UTILIZATION.name].samples.append(((*labels, kind), ratio))


def _add_values(
    families: Mapping[str, Family],
    table: Iterable[tuple[Metric, str]],
    report: Mapping[str, Any],
    labels: tuple[str, ...],
) -> None:
    for metric, key in table:
        value = _number(report.get(key))
        if value is not None:
            families[metric.name].samples.append((labels, value))


def channel_frequency_hz(band: str, channel: float | None) -> int | None:
    """Centre of a 20 MHz channel in Hz; None for a band or channel that is not one."""
    start = BAND_START_MHZ.get(band)
    if start is None or channel is None or not 1 <= channel <= 233:  # noqa: PLR2004 - the highest 6 GHz channel
        return None
    if band == "2.4" and channel == 14:  # noqa: PLR2004 - the one channel off the grid
        return CHANNEL_14_MHZ * MHZ
    return (start + CHANNEL_SPACING_MHZ * int(channel)) * MHZ


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return value


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _band(report: Mapping[str, Any]) -> str:
    band = report.get("band")
    return band if isinstance(band, str) and band in BANDS else OTHER


def _degrees(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def families_to_library(families: Iterable[Family]) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
    """The same families as `prometheus_client` objects, for its registry and its renderer."""
    for family in families:
        metric = family.metric
        kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        out = kind(metric.name, metric.help, labels=metric.labels)
        for labels, value in family.samples:
            out.add_metric(labels, value)
        yield out


class FleetCollector(Collector):
    """A `prometheus_client` collector over the latest snapshot, for a registry of one's own."""

    def __init__(self, snapshot: Callable[[], FleetSnapshot], *, silent_after_s: float) -> None:
        """`snapshot` is called once per scrape and must return quickly."""
        self._snapshot = snapshot
        self._silent_after_s = silent_after_s

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """Yield every family of the fleet."""
        return families_to_library(collect_fleet(self._snapshot(), silent_after_s=self._silent_after_s))
