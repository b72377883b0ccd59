"""Rules about the daemons: portal, gateway, RADIUS, and the monitor itself.

Ratios carry a guard of least traffic: at a quiet hour one mistyped code is not an outage.
"""

from typing import Final

from monitoring.rules.types import Alert, Group

__all__ = ["SERVICE_ALERTS", "SERVICE_RECORDINGS"]

SERVICE_RECORDINGS: Final = Group("service-recordings", ())

SERVICE_ALERTS: Final = Group(
    "service-alerts",
    (
        Alert(
            alert="KolcoTargetDown",
            expr='up{job=~"kolco-.+"} == 0',
            hold="1m",
            severity="page",
            summary="{{ $labels.job }} does not answer",
            description="Prometheus has not been able to scrape {{ $labels.instance }} for a minute.",
            command="kolco doctor",
        ),
        Alert(
            alert="ExporterSnapshotStale",
            expr="kolco_monitor_snapshot_age_seconds > 120",
            hold="1m",
            severity="page",
            summary="The fleet's numbers are {{ $value | humanizeDuration }} old",
            description="The monitor cannot read the database: what the wall shows is the past.",
            command="kolco doctor",
        ),
    ),
)
