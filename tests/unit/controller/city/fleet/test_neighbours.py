"""The neighbours found by cells are those a full search finds."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.city.fleet.neighbours import find_neighbours

PLACES = st.lists(
    st.tuples(st.floats(37.54, 37.69), st.floats(55.70, 55.80)), unique=True, min_size=0, max_size=25
)


@settings(max_examples=60)
@given(PLACES)
def test_close_points_find_their_nearest(points) -> None:
    # Squeezed to a few hundred metres, where the search by cells is complete.
    near = [(37.6 + (x - 37.6) / 20, 55.75 + (y - 55.75) / 20) for x, y in points]
    found = find_neighbours(near, 4)
    stretch = math.cos(math.radians(near[0][1])) if near else 1.0

    def apart(one: int, other: int) -> float:
        return math.hypot((near[one][0] - near[other][0]) * stretch, near[one][1] - near[other][1])

    assert len(found) == len(near)
    for index, others in enumerate(found):
        assert index not in others
        assert len(others) == len(set(others)) == min(4, len(near) - 1)
        every = sorted(apart(index, other) for other in range(len(near)) if other != index)
        assert [round(apart(index, other), 9) for other in others] == [
            round(distance, 9) for distance in every[:4]
        ]


def test_a_lonely_point_has_no_neighbours() -> None:
    assert find_neighbours([(37.6, 55.75)]) == [[]]
    assert find_neighbours([]) == []
