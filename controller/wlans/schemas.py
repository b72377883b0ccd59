"""WLANs as JSON."""

from pydantic import BaseModel, ConfigDict, Field

from controller.wlans.types import Band, Security

_SSID = "Name on the air; at most 32 bytes in UTF-8."
_SITES = "Site ids; an empty list means all sites."


class WlanIn(BaseModel):
    """A new WLAN."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=63)
    ssid: str = Field(description=_SSID)
    security: Security = "open"
    bands: list[Band] = ["2.4", "5"]
    vlan: int | None = None
    isolate: bool = True
    enabled: bool = True
    sites: list[str] = Field(default_factory=list, description=_SITES)


class WlanChangesIn(BaseModel):
    """What to change of a WLAN; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    ssid: str | None = Field(None, description=_SSID)
    security: Security | None = None
    bands: list[Band] | None = None
    vlan: int | None = Field(None, description="0 takes the VLAN away.")
    isolate: bool | None = None
    enabled: bool | None = None
    sites: list[str] | None = Field(None, description=_SITES)


class WlanOut(BaseModel):
    """One WLAN."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    ssid: str
    security: Security
    bands: list[Band]
    vlan: int | None
    isolate: bool
    enabled: bool
    all_sites: bool
    sites: list[str]
