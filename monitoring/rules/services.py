"""Rules about the daemons: portal, gateway, and the monitor itself; RADIUS has its own module.

Ratios carry a guard of least traffic: at a quiet hour one mistyped code is not an outage.
"""

from typing import Final

from monitoring.rules.types import Alert, Group, Recording

__all__ = ["SERVICE_ALERTS", "SERVICE_RECORDINGS"]

SERVICE_RECORDINGS: Final = Group(
    "service-recordings",
    (
        Recording(
            "service:kolco_portal_codes_sent:success_ratio_rate5m",
            '(sum(rate(kolco_portal_codes_sent_total{outcome="sent"}[5m])) or vector(0))'
            " / (sum(rate(kolco_portal_codes_sent_total[5m])) > 0)",
        ),
        Recording("service:kolco_portal_codes_sent:rate5m", "sum(rate(kolco_portal_codes_sent_total[5m]))"),
        Recording(
            "service:kolco_portal_requests:error_ratio_rate5m",
            '(sum(rate(kolco_portal_request_seconds_count{status=~"5.*"}[5m])) or vector(0))'
            " / (sum(rate(kolco_portal_request_seconds_count[5m])) > 0)",
        ),
        Recording(
            "service:kolco_portal_requests:rate5m", "sum(rate(kolco_portal_request_seconds_count[5m]))"
        ),
        Recording(
            "service:kolco_portal_request_seconds:p95_rate5m",
            "histogram_quantile(0.95, sum by (le, route) (rate(kolco_portal_request_seconds_bucket[5m])))",
        ),
        Recording(
            "service:kolco_gateway_open_latency_seconds:p95_rate5m",
            "histogram_quantile(0.95,"
            " sum by (le, gateway) (rate(kolco_gateway_open_latency_seconds_bucket[5m])))",
        ),
    ),
)

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
        Alert(
            alert="KolcoTaskCrashes",
            expr="increase(kolco_task_crashes_total[10m]) > 2",
            hold="0s",
            severity="ticket",
            summary="Task {{ $labels.task }} of {{ $labels.job }} keeps crashing",
            description="It is started again each time, {{ $value | humanize }} times within ten minutes.",
            command="kolco doctor",
        ),
        Alert(
            alert="PortalCodesNotSent",
            expr="service:kolco_portal_codes_sent:success_ratio_rate5m < 0.9"
            " and service:kolco_portal_codes_sent:rate5m > 0.05",
            hold="5m",
            severity="page",
            summary="Only {{ $value | humanizePercentage }} of the login codes leave the portal",
            description="The SMS centre refuses or does not answer: new citizens cannot log in by phone.",
            command="kolco doctor",
        ),
        Alert(
            alert="PortalErrors",
            expr="service:kolco_portal_requests:error_ratio_rate5m > 0.02"
            " and service:kolco_portal_requests:rate5m > 0.1",
            hold="5m",
            severity="page",
            summary="The portal fails {{ $value | humanizePercentage }} of its requests",
            description="More than one request in fifty has met a server error for five minutes.",
            command="kolco doctor",
        ),
        Alert(
            alert="GatewayDnsmasqDown",
            expr="kolco_gateway_dnsmasq_up == 0",
            hold="30s",
            severity="page",
            summary="Gateway {{ $labels.gateway }} gives no addresses",
            description="Its DHCP and DNS server has not run for half a minute: nobody new gets in.",
            command="kolco doctor",
        ),
        Alert(
            alert="GatewayGateErrors",
            expr="increase(kolco_gateway_gate_errors_total[10m]) > 0",
            hold="0s",
            severity="ticket",
            summary="The kernel refused changes of the gate at {{ $labels.gateway }}",
            description="{{ $value | humanize }} refusals within ten minutes: citizens may be shut out.",
            command="kolco doctor",
        ),
    ),
)
