import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.errors import InvalidInputError
from controller.zones.geometry import Box, ZoneMap
from controller.zones.rings import read_rings


def square(size: float) -> dict:
    ring = [[-size, -size], [size, -size], [size, size], [-size, size], [-size, -size]]
    return {"type": "Polygon", "coordinates": [ring]}


NESTED = ZoneMap([("outer", square(10)), ("inner", square(1)), ("middle", square(5))])


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [(0, 0, "inner"), (1, 1, "inner"), (2, 0, "middle"), (0, -7, "outer"), (0, 10.001, None), (80, 0, None)],
)
def test_the_innermost_zone_wins(latitude, longitude, zone):
    assert NESTED.find_zone(latitude, longitude) == zone


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_nested_squares_agree_with_arithmetic(latitude, longitude):
    reach = max(abs(latitude), abs(longitude))
    expected = "inner" if reach <= 1 else "middle" if reach <= 5 else "outer"
    assert NESTED.find_zone(latitude, longitude) == expected


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (55.7539, 37.6208, "garden-ring"),  # Red Square
        (55.7887, 37.6036, "third-ring"),  # Savyolovsky station's side of the Garden Ring
        (55.8298, 37.6330, None),  # VDNKh
    ],
)
def test_known_places_of_moscow(latitude, longitude, zone):
    rings = ZoneMap((ring.id, ring.polygon) for ring in read_rings())
    assert rings.find_zone(latitude, longitude) == zone


def test_area_is_the_zones_and_a_margin():
    assert NESTED.area == Box(south=-10.5, west=-10.5, north=10.5, east=10.5)
    assert ZoneMap([]).area is None
    assert ZoneMap([]).find_zone(0, 0) is None


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "Polygon"},
        {},
    ],
)
def test_what_is_no_polygon_is_refused(geometry):
    with pytest.raises(InvalidInputError):
        ZoneMap([("x", geometry)])
