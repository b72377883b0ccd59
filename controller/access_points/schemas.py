"""Access points as JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from controller.access_points.types import ApState, ConfigStatus


class ApIn(BaseModel):
    """A new AP."""

    model_config = ConfigDict(extra="forbid")

    serial: str = Field(description="12 hex digits, any notation of MAC addresses.")
    name: str | None = Field(None, description="Left out: the serial.")
    mac: str | None = Field(None, description="Left out: the digits of the serial.")
    model: str = ""
    site_id: str
    latitude: float = Field(allow_inf_nan=False)
    longitude: float = Field(allow_inf_nan=False)
    state: Literal["planned", "adopted"] = "adopted"


class ApChangesIn(BaseModel):
    """What to change of an AP; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    model: str | None = None
    site_id: str | None = None
    latitude: float | None = Field(None, allow_inf_nan=False)
    longitude: float | None = Field(None, allow_inf_nan=False)


class ApOut(BaseModel):
    """One AP in a list."""

    model_config = ConfigDict(from_attributes=True)

    serial: str
    name: str
    mac: str
    model: str
    site_id: str
    district_id: str | None
    zone_id: str | None = Field(description="Follows from the coordinates; null outside every zone.")
    latitude: float
    longitude: float
    state: ApState
    created_at: datetime
    connected: bool
    connected_at: datetime | None
    last_seen_at: datetime | None
    firmware: str
    clients: int
    config_status: ConfigStatus | None = Field(description="null: no configuration was made yet.")


class ApEventOut(BaseModel):
    """Something an AP told."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    kind: str
    severity: int = Field(description="Syslog severity, 0 emergency to 7 debug.")
    data: dict[str, Any]


class ApConfigOut(BaseModel):
    """What an AP should run and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    serial: str
    status: ConfigStatus
    desired_uuid: int
    desired: dict[str, Any] = Field(description="uCentral configuration.")
    desired_at: datetime
    sent_at: datetime | None
    acknowledged_uuid: int | None
    acknowledged_at: datetime | None
    running_uuid: int | None = Field(description="From the AP's last message.")
    rejected: list[str]
    error: str


class ApDetailsOut(ApOut):
    """One AP with everything kept about it."""

    summary: dict[str, Any] = Field(description="The last state message, summed up.")
    state_at: datetime | None
    last_reboot_reason: str
    config: ApConfigOut | None
    events: list[ApEventOut] = Field(description="The last ones, newest first.")


class LocateIn(BaseModel):
    """How long an AP blinks."""

    model_config = ConfigDict(extra="forbid")

    duration_s: int = Field(60, ge=1, le=3600)


class RequestIn(BaseModel):
    """Which message an AP is asked for."""

    model_config = ConfigDict(extra="forbid")

    message: Literal["state", "healthcheck"] = "state"


class ImportOut(BaseModel):
    """What an import took in."""

    imported: int
    outside: int = Field(description="How many of them lie in no zone.")
    dry_run: bool
    serials: list[str]


class ConfigCountsOut(BaseModel):
    """How far the configuration of the fleet is, in adopted APs."""

    model_config = ConfigDict(from_attributes=True)

    total: int
    acknowledged: int
    pending: int
    sent: int
    rejected: int
    failed: int
    none: int
