"""Points and polygons on the map, WGS 84: longitude east and latitude north, degrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from controller.core.errors import InvalidInputError

_LONGITUDE_LIMIT = 180.0
_LATITUDE_LIMIT = 90.0


@dataclass(frozen=True)
class Point:
    """A place; degrees, WGS 84."""

    longitude: float
    latitude: float

    def __post_init__(self) -> None:
        if not (
            -_LONGITUDE_LIMIT <= self.longitude <= _LONGITUDE_LIMIT
            and -_LATITUDE_LIMIT <= self.latitude <= _LATITUDE_LIMIT
        ):
            raise InvalidInputError(
                f"no such place: longitude {self.longitude}, latitude {self.latitude}",
                hint="degrees: longitude -180 to 180, latitude -90 to 90",
            )


class Area:
    """A polygon or several, from a GeoJSON geometry (RFC 7946)."""

    def __init__(self, geometry: Mapping[str, Any]) -> None:
        try:
            self._shape: BaseGeometry = shape(dict(geometry))
        except (
            shapely.errors.ShapelyError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            IndexError,
        ) as error:
            raise InvalidInputError(f"not a GeoJSON geometry: {error}") from error
        if (
            self._shape.geom_type not in {"Polygon", "MultiPolygon"}
            or self._shape.is_empty
            or not self._shape.is_valid
        ):
            raise InvalidInputError(
                "an area is a valid Polygon or MultiPolygon", hint="check for rings that cross themselves"
            )
        shapely.prepare(self._shape)

    def contains(self, point: Point) -> bool:
        """Tell whether the point lies inside or on the edge."""
        return bool(shapely.intersects_xy(self._shape, point.longitude, point.latitude))

    @property
    def size(self) -> float:
        """Area in square degrees: good only to tell which of two areas is the smaller."""
        return float(self._shape.area)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, south, east, north = self._shape.bounds
        return west, south, east, north
