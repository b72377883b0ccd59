"""Districts and sites as JSON."""

from pydantic import BaseModel, ConfigDict, Field

_LATITUDE = Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees north, WGS 84.")
_LONGITUDE = Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees east, WGS 84.")


class DistrictIn(BaseModel):
    """A new district."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=63)
    name: str


class DistrictOut(BaseModel):
    """One district."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    sites: int
    access_points: int


class SiteIn(BaseModel):
    """A new site."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=63)
    name: str
    district_id: str
    address: str = ""
    latitude: float = _LATITUDE
    longitude: float = _LONGITUDE


class SiteChangesIn(BaseModel):
    """What to change of a site; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    district_id: str | None = None
    address: str | None = None
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)


class SiteOut(BaseModel):
    """One site."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    district_id: str
    address: str
    latitude: float
    longitude: float
    access_points: int = Field(description="APs at the site, retired ones left out.")
    connected: int = Field(description="Of them, those connected to the controller.")
