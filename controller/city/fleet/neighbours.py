"""Which access points are near each other: the graph that stations roam on. Pure geometry."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from controller.city.plan import METRES_PER_DEGREE

CELL_M = 120.0
COUNT = 6
_MAX_RINGS = 40


def find_neighbours(points: Sequence[tuple[float, float]], count: int = COUNT) -> list[list[int]]:
    """Return, for every point, the indices of its `count` nearest others, the nearest first.

    `points` are (longitude, latitude) in degrees. Points are binned in cells of 120 m, so a city of
    thousands takes a moment; a lonely point looks up to 40 cells away and may end up with fewer.
    """
    if not points:
        return []
    stretch = math.cos(math.radians(points[0][1]))
    metres = [
        (longitude * METRES_PER_DEGREE * stretch, latitude * METRES_PER_DEGREE)
        for longitude, latitude in points
    ]
    cells: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for index, (east, north) in enumerate(metres):
        cells[int(east // CELL_M), int(north // CELL_M)].append(index)
    return [_nearest(index, metres, cells, count) for index in range(len(points))]


def _nearest(
    index: int,
    metres: Sequence[tuple[float, float]],
    cells: dict[tuple[int, int], list[int]],
    count: int,
) -> list[int]:
    east, north = metres[index]
    column, row = int(east // CELL_M), int(north // CELL_M)
    found: list[tuple[float, int]] = []
    for ring in range(_MAX_RINGS):
        for cell in _ring(column, row, ring):
            for other in cells.get(cell, ()):
                if other != index:
                    there = metres[other]
                    found.append((math.hypot(there[0] - east, there[1] - north), other))
        # Everything within `ring` cells' width is seen for sure once that ring is done.
        found.sort()
        if len(found) >= min(count, len(metres) - 1) and (
            not found or found[min(count, len(found)) - 1][0] <= ring * CELL_M
        ):
            break
    return [other for _, other in found[:count]]


def _ring(column: int, row: int, ring: int) -> list[tuple[int, int]]:
    """Cells exactly `ring` steps away (the square's edge)."""
    if ring == 0:
        return [(column, row)]
    edge = range(-ring, ring + 1)
    return [
        (column + across, row + up) for across in edge for up in edge if max(abs(across), abs(up)) == ring
    ]
