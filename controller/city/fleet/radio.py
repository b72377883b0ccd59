"""How simulated radios behave: channels, noise, airtime, rates. Pure: chance is passed in.

A model for showing and testing, not a propagation study: values lie where real ones lie and move
together (more stations, busier air, more retries, warmer radio), which is what dashboards, alerts
and channel planning look at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Final, Literal

from controller.city.fleet.messages import Rate

Band = Literal["2G", "5G", "6G"]

CHANNELS: Final[Mapping[Band, Sequence[int]]] = MappingProxyType(
    {
        "2G": (1, 6, 11),
        # Primaries of the 40 MHz channels in 5150-5350, 5650-5730 and 5735-5815 MHz.
        "5G": (36, 44, 52, 60, 132, 140, 149, 157),
        "6G": (5, 21, 37, 53, 69, 85),
    },
)
"""Channels that an access point chooses from when its configuration leaves it free."""
POSSIBLE: Final[Mapping[Band, frozenset[int]]] = MappingProxyType(
    {
        "2G": frozenset(range(1, 14)),
        "5G": frozenset({*range(36, 65, 4), *range(100, 145, 4), *range(149, 178, 4)}),
        "6G": frozenset(range(1, 234, 4)),
    },
)
"""Channels that exist at all (IEEE 802.11-2020 annex E)."""
WIDTH_MHZ: Final[Mapping[Band, int]] = MappingProxyType({"2G": 20, "5G": 40, "6G": 80})
TX_POWER_DBM: Final[Mapping[Band, int]] = MappingProxyType({"2G": 17, "5G": 20, "6G": 20})
NOISE_DBM: Final = (-95, -88)
MAX_BUSY_RATIO: Final = 0.97
# Busy air that others make, quiet and at the day's peak: 2.4 GHz is everybody's.
_FOREIGN: Final[Mapping[Band, tuple[float, float]]] = MappingProxyType(
    {"2G": (0.10, 0.22), "5G": (0.03, 0.07), "6G": (0.01, 0.02)},
)
# Airtime that one active station adds.
_PER_STATION: Final[Mapping[Band, float]] = MappingProxyType({"2G": 0.035, "5G": 0.018, "6G": 0.009})
_QUIET_HOUR = 4.0


def frequency_mhz(band: Band, channel: int) -> int:
    """Centre frequency of a 20 MHz channel (IEEE 802.11-2020 annex E, 802.11ax for 6 GHz)."""
    return {"2G": 2407, "5G": 5000, "6G": 5950}[band] + 5 * channel


def day_activity(seconds_of_day: float) -> float:
    """Share of the people out and about, 0 to 1: a low at four, swells at noon and seven in the evening."""
    hour = seconds_of_day / 3600.0 % 24.0
    tide = 0.5 - 0.5 * math.cos((hour - _QUIET_HOUR) / 24.0 * math.tau)
    noon = math.exp(-((hour - 13.0) ** 2) / 4.5)
    evening = math.exp(-((hour - 19.0) ** 2) / 4.5)
    return min(1.0, 0.08 + 0.62 * tide + 0.22 * noon + 0.30 * evening)


def busy_ratio(band: Band, stations: int, activity: float, random: Random) -> float:
    """Share of time the channel is busy, 0 to 0.97, for `stations` of ours and the hour's `activity`."""
    quiet, peak = _FOREIGN[band]
    foreign = quiet + (peak - quiet) * activity
    ours = 1.0 - math.exp(-_PER_STATION[band] * stations)
    wobble = 1.0 + random.uniform(-0.12, 0.12)
    return min(MAX_BUSY_RATIO, (foreign + (1.0 - foreign) * ours) * wobble)


def noise_dbm(previous: int, random: Random) -> int:
    """The noise floor drifts by at most 1 dB a step and stays between −95 and −88 dBm."""
    low, high = NOISE_DBM
    return max(low, min(high, previous + random.choice((-1, 0, 0, 0, 1))))


def retry_ratio(busy: float, rssi: int) -> float:
    """Share of frames sent again, 0 to 0.6: grows with busy air and with a weak signal."""
    weak = max(0.0, (-62.0 - rssi) / 40.0)
    return min(0.6, 0.02 + 0.22 * busy * busy + 0.35 * weak)


def temperature_c(busy: float, activity: float) -> int:
    """A radio's own temperature: it works, and the day warms it."""
    return round(38 + 16 * busy + 8 * activity)


# Bit rate in kbit/s by modulation for one 20 MHz spatial stream, HE, 0.8 µs guard interval.
_HE_20: Final = (8600, 17200, 25800, 34400, 51600, 68800, 77400, 86000, 103200, 114700, 129000, 143400)
_WIDTH_FACTOR: Final[Mapping[int, float]] = MappingProxyType({20: 1.0, 40: 2.0, 80: 4.19})


def _rates(width_mhz: int) -> tuple[Rate, ...]:
    factor = _WIDTH_FACTOR[width_mhz]
    return tuple(
        Rate(bitrate=round(kbps * factor) * 2, chwidth=width_mhz, mcs=mcs, nss=2, he=True)
        for mcs, kbps in enumerate(_HE_20)
    )


_RATES: Final = {width: _rates(width) for width in _WIDTH_FACTOR}


def link_rate(band: Band, rssi: int) -> Rate:
    """The rate a station of this signal holds: about 3 dB a modulation step, two streams."""
    step = max(0, min(len(_HE_20) - 1, (rssi + 84) // 3))
    return _RATES[WIDTH_MHZ[band]][step]


def plan_channels(band: Band, neighbours: Sequence[Sequence[int]]) -> list[int]:
    """Give every access point the channel that its already planned neighbours use least.

    `neighbours[i]` are indices near access point i, the nearest first.
    """
    options = CHANNELS[band]
    planned: list[int | None] = [None] * len(neighbours)
    for index, near in enumerate(neighbours):
        # A nearer neighbour on the same channel weighs more; the index spreads equal choices.
        cost = {
            channel: sum(1.0 / (1 + rank) for rank, other in enumerate(near) if planned[other] == channel)
            for channel in options
        }
        start = index % len(options)
        rotated = [*options[start:], *options[:start]]
        planned[index] = min(rotated, key=lambda channel: cost[channel])
    return [options[0] if channel is None else channel for channel in planned]
