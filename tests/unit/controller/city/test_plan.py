"""The planned city stands inside the rings and does not change between runs."""

from __future__ import annotations

import math
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from shapely.geometry import shape

from controller.city.plan import METRES_PER_DEGREE, plan_city
from controller.zones.rings import read_rings


def test_the_same_seed_gives_the_same_city() -> None:
    assert plan_city(7, 300) == plan_city(7, 300)
    assert plan_city(7, 300).aps != plan_city(8, 300).aps


def test_every_access_point_is_inside_the_ring_it_names() -> None:
    areas = {ring.id: shape(ring.polygon) for ring in read_rings()}
    city = plan_city(1, 3000)
    assert {ap.zone_id for ap in city.aps} == set(areas)
    for ap in city.aps:
        point = Point(ap.longitude, ap.latitude)
        assert areas[ap.zone_id].contains(point)
        # The innermost ring wins: nothing named after the Third Ring is inside the Garden Ring.
        assert (ap.zone_id == "garden-ring") == areas["garden-ring"].contains(point)


@settings(max_examples=15)
@given(st.integers(0, 1 << 40), st.integers(0, 400))
def test_any_city_has_exactly_the_asked_number_of_unique_access_points(seed: int, aps: int) -> None:
    city = plan_city(seed, aps)
    assert len(city.aps) == aps == len({ap.serial for ap in city.aps})
    assert len({ap.name for ap in city.aps}) == aps
    sites = {site.id: site for site in city.sites}
    for at, ap in enumerate(city.aps):
        assert ap.index == at
        assert re.fullmatch(r"d2c1[0-9a-f]{6}00", ap.serial)
        assert ap.mac.replace(":", "") == ap.serial
        assert sites[ap.site_id].district_id == ap.district_id


def test_access_points_hang_near_their_site() -> None:
    city = plan_city(3, 3000)
    sites = {site.id: site for site in city.sites}
    for ap in city.aps:
        site = sites[ap.site_id]
        if site.kind == "street":
            continue
        across = (ap.longitude - site.longitude) * math.cos(math.radians(site.latitude))
        apart = math.hypot(across, ap.latitude - site.latitude) * METRES_PER_DEGREE
        assert apart < 95


def test_every_district_and_kind_of_place_is_served_at_full_size() -> None:
    city = plan_city(1, 3000)
    kinds = {site.id: site.kind for site in city.sites}
    per_kind = Counter(kinds[ap.site_id] for ap in city.aps)
    assert set(per_kind) == {"street", "park", "metro", "mfc"}
    assert {ap.district_id for ap in city.aps} == {district.id for district in city.districts}
    assert all(count >= 3 for count in Counter(ap.site_id for ap in city.aps).values())


@pytest.mark.parametrize("aps", [-1, (1 << 20) + 1])
def test_an_impossible_size_is_refused(aps: int) -> None:
    with pytest.raises(ValueError, match="access points"):
        plan_city(1, aps)
