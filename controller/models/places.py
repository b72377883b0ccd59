"""Where things are: zones (the rings), districts, sites."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Name, Slug


class Zone(Base):
    """An area of the city by its polygon, such as what lies inside the Garden Ring."""

    __tablename__ = "zones"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    polygon: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """GeoJSON geometry (RFC 7946), Polygon or MultiPolygon."""


class District(Base):
    """An administrative district."""

    __tablename__ = "districts"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[Name]


class Site(Base):
    """A street, park, metro entrance or building that access points stand at."""

    __tablename__ = "sites"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[Name]
    district_id: Mapped[Slug] = mapped_column(sa.ForeignKey("districts.id"), index=True)
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    latitude: Mapped[float]
    longitude: Mapped[float]
