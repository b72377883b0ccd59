"""Settings of the monitor daemon: section `monitor`, variables `KOLCO_MONITOR_*`."""

from pydantic import Field

from controller.core.settings import Section, section

__all__ = ["MonitorSettings"]


class MonitorSettings(Section):
    """How the fleet page is made and where it is served."""

    model_config = section("monitor")

    admin_host: str = Field("127.0.0.1", description="Address of `/metrics` and `/healthz` of the monitor.")
    admin_port: int = Field(
        9484,
        ge=0,
        le=65535,
        description="Port of `/metrics` and `/healthz` of the monitor; 0 takes a free one.",
    )
    snapshot_interval_s: float = Field(
        15.0,
        gt=0,
        description="Seconds between two looks at the database; scrapes are served from the last one.",
    )
    ap_silent_after_s: float = Field(
        200.0,
        gt=0,
        description="An AP that has not been heard from for this long counts as down, connected or not. "
        "Keep it above three intervals of the APs' state reports.",
    )
