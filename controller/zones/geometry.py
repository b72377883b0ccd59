"""Which zone a place belongs to: the innermost polygon around it.

Pure. Holds no zones itself and reads no database: the caller gives the polygons.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.geo import Area, Point

AREA_MARGIN_DEGREES = 0.5
"""How far around the zones a place still counts as in the city (about 30–55 km)."""


@dataclass(frozen=True)
class Box:
    """A rectangle of coordinates, in degrees, borders included."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether the place lies inside."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


class ZoneMap:
    """Polygons prepared for many look-ups.

    Args:
        polygons: pairs of zone id and GeoJSON geometry (longitude first, RFC 7946 §3.1.1).

    Raises:
        InvalidInputError: a geometry is no valid polygon.
    """

    def __init__(self, polygons: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        areas = [(zone_id, Area(geometry)) for zone_id, geometry in polygons]
        self._innermost_first = sorted(areas, key=lambda item: (item[1].size, item[0]))

    def find_zone(self, latitude: float, longitude: float) -> str | None:
        """Return the id of the smallest zone that holds the place, its border included."""
        point = Point(longitude=longitude, latitude=latitude)
        for zone_id, area in self._innermost_first:
            if area.contains(point):
                return zone_id
        return None

    @property
    def area(self) -> Box | None:
        """The city: the rectangle around all zones and a margin; None without zones."""
        if not self._innermost_first:
            return None
        bounds = [area.bounds for _, area in self._innermost_first]
        return Box(
            west=min(west for west, _, _, _ in bounds) - AREA_MARGIN_DEGREES,
            south=min(south for _, south, _, _ in bounds) - AREA_MARGIN_DEGREES,
            east=max(east for _, _, east, _ in bounds) + AREA_MARGIN_DEGREES,
            north=max(north for _, _, _, north in bounds) + AREA_MARGIN_DEGREES,
        )
