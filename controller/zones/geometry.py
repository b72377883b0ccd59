"""Which zone a place belongs to: the innermost polygon around it.

Pure. Holds no zones itself and reads no database: the caller gives the polygons.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.errors import GEOSException
from shapely.geometry import MultiPolygon, Point, Polygon, shape

from controller.core.errors import InvalidInputError

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
    """Polygons prepared for many look-ups."""

    def __init__(self, polygons: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take pairs of zone id and GeoJSON geometry (longitude first, RFC 7946 §3.1.1).

        Raises InvalidInputError for a geometry that is no valid polygon.
        """
        shapes = [(zone_id, parse_polygon(geometry)) for zone_id, geometry in polygons]
        shapes.sort(key=lambda item: (item[1].area, item[0]))
        for _, polygon in shapes:
            shapely.prepare(polygon)
        self._innermost_first = shapes

    def find_zone(self, latitude: float, longitude: float) -> str | None:
        """Return the id of the smallest zone that holds the place (its border included)."""
        point = Point(longitude, latitude)
        for zone_id, polygon in self._innermost_first:
            if polygon.covers(point):
                return zone_id
        return None

    @property
    def area(self) -> Box | None:
        """The city: the rectangle around all zones and a margin; None without zones."""
        if not self._innermost_first:
            return None
        bounds = [polygon.bounds for _, polygon in self._innermost_first]
        return Box(
            south=min(b[1] for b in bounds) - AREA_MARGIN_DEGREES,
            west=min(b[0] for b in bounds) - AREA_MARGIN_DEGREES,
            north=max(b[3] for b in bounds) + AREA_MARGIN_DEGREES,
            east=max(b[2] for b in bounds) + AREA_MARGIN_DEGREES,
        )


def parse_polygon(geometry: Mapping[str, Any]) -> Polygon | MultiPolygon:
    """Make a polygon of a GeoJSON geometry; InvalidInputError says what is wrong with it."""
    try:
        polygon = shape(dict(geometry))
    except (GEOSException, ValueError, TypeError, KeyError, AttributeError, IndexError) as exc:
        raise InvalidInputError(f"not a GeoJSON geometry: {exc}") from exc
    if not isinstance(polygon, Polygon | MultiPolygon):
        raise InvalidInputError(f"a zone is a Polygon or MultiPolygon, not a {polygon.geom_type}")
    if polygon.is_empty or not polygon.is_valid:
        raise InvalidInputError(f"not a valid polygon: {shapely.is_valid_reason(polygon)}")
    return polygon
