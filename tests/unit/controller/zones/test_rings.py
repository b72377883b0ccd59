from controller.core.geo import Area
from controller.zones.rings import read_rings


def test_two_rings_one_inside_the_other():
    inner, outer = read_rings()
    assert (inner.id, outer.id) == ("garden-ring", "third-ring")
    assert (inner.name, outer.name_en) == ("Садовое кольцо", "Third Ring")
    small, large = Area(inner.polygon), Area(outer.polygon)
    assert small.size < large.size
    west, south, east, north = small.bounds
    assert large.bounds[0] < west
    assert large.bounds[1] < south
    assert large.bounds[2] > east
    assert large.bounds[3] > north
