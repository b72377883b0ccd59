import pytest

from controller.core.errors import InvalidInputError
from controller.core.geo import Area, Point

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 1], [0, 1], [0, 0]]]}


def test_inside_outside_and_on_the_edge():
    area = Area(SQUARE)
    assert area.contains(Point(1, 0.5))
    assert area.contains(Point(2, 1))
    assert not area.contains(Point(2.1, 0.5))
    assert (area.size, area.bounds) == (2.0, (0, 0, 2, 1))


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [1, 0], [0, 0]]]},
        {"type": "Sphere"},
    ],
)
def test_what_is_no_area_is_refused(geometry):
    with pytest.raises(InvalidInputError):
        Area(geometry)


@pytest.mark.parametrize(("longitude", "latitude"), [(181, 0), (0, 91), (0, -90.1), (float("nan"), 0)])
def test_a_place_off_the_globe_is_refused(longitude, latitude):
    with pytest.raises(InvalidInputError, match="no such place"):
        Point(longitude, latitude)
