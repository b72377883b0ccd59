"""What a simulated access point makes of a `configure`: the settings it applies and the parts it rejects.

Pure. It judges only what a real agent would refuse and what the simulation shows; the full schema is
the controller's to keep. As the real agent does, a bad part is left out and named, and the rest is
applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import msgspec

from controller.city.fleet.radio import POSSIBLE, Band

MAX_SSID_BYTES: Final = 32
"""IEEE 802.11-2020, 9.4.2.2: an SSID has 0 to 32 octets, whatever the letters."""
MAX_BSS_PER_RADIO: Final = 8
MIN_INTERVAL_S: Final = 60
WIDTHS: Final = (20, 40, 80)
_PROTOCOLS: Final = frozenset(
    {"none", "owe", "owe-transition", "psk", "psk2", "psk-mixed", "psk2-radius", "wpa", "wpa2", "wpa-mixed"}
    | {"sae", "sae-mixed", "wpa3", "wpa3-192", "wpa3-mixed", "mpsk-radius"},
)


@dataclass(frozen=True, slots=True)
class Ssid:
    """A network to send out on `bands`."""

    name: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class RadioSetting:
    """A radio as asked for; `channel` None means that the access point chooses."""

    channel: int | None = None
    choice: tuple[int, ...] = ()
    """The channels it may choose from; empty: all."""
    width_mhz: int | None = None
    tx_power_dbm: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What the access point runs after a configure."""

    ssids: tuple[Ssid, ...] = ()
    radios: Mapping[Band, RadioSetting] = field(default_factory=dict)
    state_interval_s: int = MIN_INTERVAL_S
    health_interval_s: int = MIN_INTERVAL_S
    rejected: tuple[str, ...] = ()


class ConfigurationError(Exception):
    """Nothing of the configuration can be used."""


def apply_configuration(config: object, bands: frozenset[Band]) -> Applied:
    """Judge a configuration for an access point with radios on `bands`.

    Raises ConfigurationError when it is no object or has no `radios` and `interfaces` lists.
    """
    if not isinstance(config, dict):
        message = "the configuration is not an object"
        raise ConfigurationError(message)
    rejected: list[str] = []
    radios = dict(_radios(_list(config, "radios"), bands, rejected))
    ssids: list[Ssid] = []
    for at, interface in enumerate(_list(config, "interfaces")):
        if not isinstance(interface, dict):
            rejected.append(f"interfaces/{at}: not an object")
            continue
        networks = interface.get("ssids")
        for number, raw in enumerate(networks if isinstance(networks, list) else ()):
            problem = _problem(raw, bands, ssids)
            if problem:
                rejected.append(f"interfaces/{at}/ssids/{number}: {problem}")
            else:
                wanted = raw.get("wifi-bands") or ["5G"]
                usable = tuple(band for band in get_args(Band) if band in wanted and band in bands)
                ssids.append(Ssid(raw["name"], usable))
    metrics = config.get("metrics")
    return Applied(
        ssids=tuple(ssids),
        radios=radios,
        state_interval_s=_interval(metrics, "statistics"),
        health_interval_s=_interval(metrics, "health"),
        rejected=tuple(rejected),
    )


def _list(config: Mapping[str, Any], key: str) -> list[Any]:
    value = config.get(key)
    if not isinstance(value, list):
        message = f"the configuration has no list of {key}"
        raise ConfigurationError(message)
    return value


def _radios(
    raw_radios: list[Any],
    bands: frozenset[Band],
    rejected: list[str],
) -> list[tuple[Band, RadioSetting]]:
    found: list[tuple[Band, RadioSetting]] = []
    for at, raw in enumerate(raw_radios):
        band: Any = raw.get("band") if isinstance(raw, dict) else None
        if not isinstance(band, str) or band not in bands:
            # A band this model lacks is skipped in silence, as the real agent does.
            if band not in get_args(Band):
                rejected.append(f"radios/{at}: unknown band {_short(band)}")
            continue
        channel = raw.get("channel", "auto")
        if channel != "auto" and not (isinstance(channel, int) and channel in POSSIBLE[band]):
            rejected.append(f"radios/{at}: channel {_short(channel)} does not exist on {band}")
            continue
        found.append(
            (
                band,
                RadioSetting(
                    channel=None if channel == "auto" else channel,
                    choice=tuple(one for one in _whole(raw.get("valid-channels")) if one in POSSIBLE[band]),
                    width_mhz=next(
                        (one for one in _whole([raw.get("channel-width")]) if one in WIDTHS), None
                    ),
                    tx_power_dbm=next(_whole([raw.get("tx-power")]), None),
                ),
            ),
        )
    return found


def _problem(raw: object, bands: frozenset[Band], accepted: list[Ssid]) -> str:
    """Why an SSID cannot be sent out, or an empty text."""
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        return "no name"
    problem = _name_problem(raw["name"])
    if problem:
        return problem
    wanted = raw.get("wifi-bands") or ["5G"]
    if not isinstance(wanted, list) or any(band not in get_args(Band) for band in wanted):
        return f"unknown band in {_short(wanted)}"
    for band in bands.intersection(wanted):
        if sum(band in other.bands for other in accepted) >= MAX_BSS_PER_RADIO:
            return f"more than {MAX_BSS_PER_RADIO} networks on {band}"
    encryption = raw.get("encryption") or {"proto": "none"}
    proto = encryption.get("proto") if isinstance(encryption, dict) else None
    return "" if isinstance(proto, str) and proto in _PROTOCOLS else f"unknown encryption {_short(proto)}"


def _whole(values: object) -> Iterator[int]:
    """The whole numbers of what should be a list of them."""
    return (one for one in (values if isinstance(values, list) else ()) if isinstance(one, int))


def _name_problem(name: str) -> str:
    size = len(name.encode("utf-8", "surrogatepass"))
    if not 1 <= size <= MAX_SSID_BYTES:
        return f"name has {size} bytes, an SSID has 1 to {MAX_SSID_BYTES}"
    return "name holds a control character" if any(letter < " " for letter in name) else ""


def _interval(metrics: object, name: str) -> int:
    section = metrics.get(name) if isinstance(metrics, dict) else None
    value = section.get("interval") if isinstance(section, dict) else None
    return max(MIN_INTERVAL_S, value) if isinstance(value, int) else MIN_INTERVAL_S


def _short(value: object) -> str:
    return msgspec.json.encode(value).decode()[:60]
