"""Zones as JSON."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ZoneOut(BaseModel):
    """One zone in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    name_en: str
    access_points: int = Field(description="APs inside, retired ones left out.")


class ZoneDetailsOut(ZoneOut):
    """One zone with its shape."""

    polygon: dict[str, Any] = Field(description="GeoJSON geometry, WGS 84, longitude first.")
