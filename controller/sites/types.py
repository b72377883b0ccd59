"""Shapes that the sites feature takes and hands out. No behaviour."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DistrictView:
    """An administrative district."""

    id: str
    name: str
    sites: int = 0
    access_points: int = 0
    """APs at its sites, retired ones left out."""


@dataclass(frozen=True)
class SiteView:
    """A street, park, metro entrance or building."""

    id: str
    name: str
    district_id: str
    address: str
    latitude: float
    longitude: float
    access_points: int = 0
    """APs at the site, retired ones left out."""
    connected: int = 0
    """Of them, those that hold a connection to the controller."""


@dataclass(frozen=True)
class SiteChanges:
    """What to change of a site: None leaves a field as it is."""

    name: str | None = None
    district_id: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
