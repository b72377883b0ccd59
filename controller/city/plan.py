"""The seeded city: real districts and places of central Moscow, and access points placed in them.

The same seed and number of access points give the same city on every machine, so the process that
seeds the database and the process that plays the access points need no file between them. It knows
nothing of databases and sends nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Literal

import msgspec

from controller.zones.geometry import ZoneMap
from controller.zones.rings import read_rings

SiteKind = Literal["street", "park", "metro", "mfc"]

METRES_PER_DEGREE = 111_320.0
# How far from its site's point or line an access point may hang, and how many it attracts: a park
# is wide and well covered, a metro entrance is a few metres of pavement.
SPREAD_M: dict[SiteKind, float] = {"street": 14.0, "park": 90.0, "metro": 35.0, "mfc": 22.0}
WEIGHT: dict[SiteKind, float] = {"street": 3.0, "park": 5.0, "metro": 3.0, "mfc": 2.0}
MODELS: dict[SiteKind, tuple[str, ...]] = {
    "street": ("edgecore_oap101", "hfcl_ion4x"),
    "park": ("edgecore_oap101", "hfcl_ion4x"),
    "metro": ("edgecore_eap101", "edgecore_eap104"),
    "mfc": ("edgecore_eap104", "cig_wf196"),
}
# Locally administered, unicast (IEEE 802, second-lowest bit of the first octet): a simulated access
# point can never be taken for a real one. The last octet is free for its BSSIDs.
SERIAL_PREFIX = "d2c1"
MAX_APS = 1 << 20


class _District(msgspec.Struct, frozen=True):
    id: str
    name: str
    name_en: str


class _Place(msgspec.Struct, frozen=True):
    id: str
    kind: SiteKind
    district: str
    name: str
    path: tuple[tuple[float, float], ...]


class _Places(msgspec.Struct, frozen=True):
    districts: tuple[_District, ...]
    sites: tuple[_Place, ...]


@dataclass(frozen=True)
class PlannedDistrict:
    """A district of the city."""

    id: str
    name: str
    name_en: str


@dataclass(frozen=True)
class PlannedSite:
    """A public place; the coordinates are its middle, in degrees."""

    id: str
    name: str
    kind: SiteKind
    district_id: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class PlannedAp:
    """An access point: `index` counts from 0, `serial` is 12 lower-case hex digits."""

    index: int
    serial: str
    name: str
    mac: str
    model: str
    site_id: str
    district_id: str
    latitude: float
    longitude: float
    zone_id: str


@dataclass(frozen=True)
class City:
    """A planned city; every tuple is in a stable order."""

    seed: int
    districts: tuple[PlannedDistrict, ...]
    sites: tuple[PlannedSite, ...]
    aps: tuple[PlannedAp, ...]


@cache
def _places() -> _Places:
    text = resources.files("controller.city").joinpath("places.json").read_bytes()
    return msgspec.json.decode(text, type=_Places)


def plan_city(seed: int, aps: int) -> City:
    """Plan a city of `aps` access points; the same arguments give an equal city.

    Raises ValueError when `aps` is negative or does not fit the serial space (2²⁰).
    """
    if not 0 <= aps <= MAX_APS:
        message = f"a city has 0 to {MAX_APS} access points, not {aps}"
        raise ValueError(message)
    random = Random(seed)  # noqa: S311 - places antennas, no secrets
    rings = ZoneMap((ring.id, ring.polygon) for ring in read_rings())
    places = _places()
    # One digit comes from the seed, so that cities of two seeds seldom share a serial.
    block = random.randrange(16)
    planned: list[PlannedAp] = []
    for place, count in zip(places.sites, _shares(places.sites, aps), strict=True):
        for number in range(count):
            longitude, latitude, zone_id = _inside(place, (number + 0.5) / count, random, rings)
            serial = f"{SERIAL_PREFIX}{block:x}{len(planned):05x}00"
            planned.append(
                PlannedAp(
                    index=len(planned),
                    serial=serial,
                    name=f"{place.id}-{number + 1:02d}",
                    mac=":".join(serial[at : at + 2] for at in range(0, 12, 2)),
                    model=random.choice(MODELS[place.kind]),
                    site_id=place.id,
                    district_id=place.district,
                    latitude=latitude,
                    longitude=longitude,
                    zone_id=zone_id,
                ),
            )
    names = {district.id: district.name for district in places.districts}
    return City(
        seed=seed,
        districts=tuple(PlannedDistrict(one.id, one.name, one.name_en) for one in places.districts),
        sites=tuple(_plan_site(place, names[place.district]) for place in places.sites),
        aps=tuple(planned),
    )


def _shares(sites: Sequence[_Place], aps: int) -> list[int]:
    """Split `aps` over the sites by weight and length (largest remainder: the sum is exact)."""
    weights = [WEIGHT[site.kind] * (1 + _length_m(site) / 800) for site in sites]
    total = sum(weights)
    exact = [aps * weight / total for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(sites)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_remainder[: aps - sum(shares)]:
        shares[at] += 1
    return shares


def _length_m(place: _Place) -> float:
    (west, south), (east, north) = place.path[0], place.path[-1]
    across = (east - west) * math.cos(math.radians(south))
    return math.hypot(across, north - south) * METRES_PER_DEGREE


def _inside(
    place: _Place,
    along: float,
    random: Random,
    rings: ZoneMap,
) -> tuple[float, float, str]:
    """Pick a point near `place`, the fraction `along` of its path, that lies in a ring."""
    (from_lon, from_lat), (to_lon, to_lat) = place.path[0], place.path[-1]
    spread = SPREAD_M[place.kind]
    while True:
        # Uniform over a disc (the square root keeps the middle from being crowded).
        radius = spread * math.sqrt(random.random()) / METRES_PER_DEGREE
        angle = random.random() * math.tau
        latitude = from_lat + (to_lat - from_lat) * along + radius * math.sin(angle)
        stretch = math.cos(math.radians(latitude))
        longitude = from_lon + (to_lon - from_lon) * along + radius * math.cos(angle) / stretch
        longitude, latitude = round(longitude, 6), round(latitude, 6)
        zone_id = rings.find_zone(latitude, longitude)
        if zone_id is not None:
            return longitude, latitude, zone_id
        spread *= 0.8  # the middle of every place is inside: shrinking must end there


def _plan_site(place: _Place, district: str) -> PlannedSite:
    (from_lon, from_lat), (to_lon, to_lat) = place.path[0], place.path[-1]
    return PlannedSite(
        id=place.id,
        name=place.name,
        kind=place.kind,
        district_id=place.district,
        address=f"Москва, {district}, {place.name}",
        latitude=round((from_lat + to_lat) / 2, 6),
        longitude=round((from_lon + to_lon) / 2, 6),
    )
