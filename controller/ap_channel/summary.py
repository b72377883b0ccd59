"""From a ``state`` message to the few figures that are stored per access point. Pure.

The full state is thrown away: history belongs to Prometheus, the latest values to ``ap_status``.
"""

from __future__ import annotations

from typing import Any

from controller.ap_channel.ucentral.messages import Bss, Interface, Number, Radio, StateBody, Survey
from controller.core.errors import InvalidInputError
from controller.core.mac import parse_mac

_BANDS = {"2G": "2.4", "5G": "5", "5G-lower": "5", "5G-upper": "5", "6G": "6"}
_LARGEST = 2**53
_MHZ_5G = 4900
_MHZ_6G = 5945
_HIGHEST_CHANNEL_2G = 14
_MAX_BSS = 64
_MAX_SSID = 32


def summarise(state: StateBody, *, sanity: int | None) -> tuple[int, dict[str, Any]]:
    """Return the number of stations and the ``summary`` document of ``ap_status``.

    Ratios are 0 to 1, temperatures °C, bytes since boot; a value the AP did not send is None.
    ``sanity`` is the last healthcheck's, 0 to 100.
    """
    radios = [_radio(radio) for radio in state.radios]
    names = [radio["band"] for radio in radios]
    bss: list[dict[str, Any]] = []
    clients = 0
    for interface in state.interfaces:
        for ssid in interface.ssids[:_MAX_BSS]:
            stations = len(ssid.associations)
            clients += stations
            index = _radio_index(ssid, names)
            band = _BANDS.get(ssid.band, names[index] if index is not None else "")
            bss.append(
                {
                    "ssid": ssid.ssid[:_MAX_SSID].replace("\x00", ""),
                    "bssid": _bssid(ssid.bssid),
                    "band": band,
                    "stations": stations,
                }
            )
            if index is None:
                continue
            radio = radios[index]
            radio["stations"] += stations
            for station in ssid.associations:
                radio["tx_packets"] += station.tx_packets
                radio["tx_retries"] += station.tx_retries
    for radio in radios:
        radio["tx_packets"] = _whole(radio["tx_packets"])
        radio["tx_retries"] = _whole(radio["tx_retries"])
    unit = state.unit
    uplink = _uplink(state.interfaces)
    counters = uplink.counters if uplink is not None else None
    summary: dict[str, Any] = {
        "load": round(unit.load[0], 2) if unit is not None and unit.load else None,
        "memory_used_ratio": _memory_used(state),
        "uptime_s": _whole(unit.uptime) if unit is not None else None,
        "temperature_c": _temperature(state),
        "uplink_rx_bytes": _whole(counters.rx_bytes) if counters is not None else None,
        "uplink_tx_bytes": _whole(counters.tx_bytes) if counters is not None else None,
        "sanity": sanity,
        "radios": radios,
        "bss": bss,
    }
    return clients, summary


def _bssid(text: str | None) -> str:
    """Return a BSSID in canonical form; RADIUS finds the access point by it."""
    try:
        return parse_mac(text or "")
    except InvalidInputError:
        return ""


def _radio(radio: Radio) -> dict[str, Any]:
    survey = _own_survey(radio)
    return {
        "band": _band(radio),
        "channel": _whole(radio.channel),
        "channel_width_mhz": _width(radio.channel_width),
        "tx_power_dbm": radio.tx_power,
        "noise_dbm": _noise(survey.noise),
        "busy_ratio": _ratio(survey.busy, survey.time),
        "rx_ratio": _ratio(survey.time_rx, survey.time),
        "tx_ratio": _ratio(survey.time_tx, survey.time),
        "tx_packets": 0,
        "tx_retries": 0,
        "stations": 0,
    }


def _band(radio: Radio) -> str:
    if radio.band:
        return _BANDS.get(radio.band[0], "")
    if radio.frequency:
        mhz = radio.frequency[0]
        return "2.4" if mhz < _MHZ_5G else "5" if mhz < _MHZ_6G else "6"
    return "2.4" if 0 < radio.channel <= _HIGHEST_CHANNEL_2G else "5"


def _own_survey(radio: Radio) -> Survey:
    """The survey of the channel the radio works on; the first one if frequencies are not told."""
    if not radio.survey:
        return Survey(
            noise=radio.noise,
            time=radio.active_ms,
            busy=radio.busy_ms,
            time_rx=radio.receive_ms,
            time_tx=radio.transmit_ms,
        )
    for survey in radio.survey:
        if survey.frequency in radio.frequency:
            return survey
    return radio.survey[0]


def _radio_index(ssid: Bss, names: list[str]) -> int | None:
    """Which radio carries the BSS: by its reference ``#/radios/N``, else by band."""
    if ssid.radio is not None:
        reference = ssid.radio.dollar_ref or ssid.radio.ref
        tail = reference.rpartition("/")[2]
        if tail.isascii() and tail.isdigit() and len(tail) < 3 and int(tail) < len(names):  # noqa: PLR2004
            return int(tail)
    band = _BANDS.get(ssid.band)
    return names.index(band) if band in names else None


def _width(width: Number | str) -> int:
    if isinstance(width, str):
        return int(width) if width.isascii() and width.isdigit() and len(width) < 6 else 0  # noqa: PLR2004
    return _whole(width)


def _noise(noise: Number | None) -> Number | None:
    """A noise floor in dBm; an unsigned 32-bit number is a negative one printed wrongly."""
    return noise - 2**32 if noise is not None and noise >= 2**31 else noise


def _uplink(interfaces: list[Interface]) -> Interface | None:
    """The interface the configuration lists first is the uplink (see ``render.ucentral``)."""
    for interface in interfaces:
        if interface.location == "/interfaces/0":
            return interface
    return interfaces[0] if interfaces else None


def _temperature(state: StateBody) -> Number | None:
    shown = state.unit.temperature if state.unit is not None else None
    if isinstance(shown, list):
        return shown[0] if shown else None
    return shown


def _memory_used(state: StateBody) -> float | None:
    memory = state.unit.memory if state.unit is not None else None
    if memory is None or memory.total <= 0:
        return None
    spare = memory.free + memory.cached + memory.buffered
    return _ratio(memory.total - spare, memory.total)


def _ratio(part: Number, whole: Number) -> float | None:
    if whole <= 0:
        return None
    ratio = part / whole
    return round(ratio, 4) if 0 <= ratio <= 1 else float(ratio > 1)


def _whole(value: Number) -> int:
    """A counter as a JSON-safe integer; nonsense from a broken agent is clamped."""
    if 0 <= value <= _LARGEST:
        return int(value)
    return 0 if value < 0 else _LARGEST
