"""Shapes that the zones feature hands out. No behaviour."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ZoneView:
    """One ring of the city."""

    id: str
    """Slug, such as "garden-ring"."""
    name: str
    """Name in Russian."""
    name_en: str
    """Name in English."""
    polygon: dict[str, Any]
    """GeoJSON geometry (Polygon or MultiPolygon), WGS 84, longitude first (RFC 7946)."""
    access_points: int = 0
    """APs inside, retired ones left out."""
