"""Rules about the daemons: portal, gateway, RADIUS, and the monitor itself.

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
            "service:kolco_radius_reply_seconds:p99_rate5m",
            "histogram_quantile(0.99, sum by (le, kind) (rate(kolco_radius_reply_seconds_bucket[5m])))",
        ),
        Recording(
            "service:kolco_radius_reply_seconds:rate5m",
            "sum by (kind) (rate(kolco_radius_reply_seconds_count[5m]))",
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
        Alert(
            alert="EapCertificateExpires",
            expr="kolco_radius_eap_certificate_expiry_timestamp_seconds - time() < 21 * 86400",
            hold="1h",
            severity="ticket",
            summary="The certificate that devices see in EAP expires in {{ $value | humanizeDuration }}",
            description="Devices refuse it from then on. A restart of RADIUS renews kolco's own.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusSlow",
            expr="service:kolco_radius_reply_seconds:p99_rate5m > 0.3"
            " and on (kind) service:kolco_radius_reply_seconds:rate5m > 0.1",
            hold="10m",
            severity="page",
            summary="RADIUS {{ $labels.kind }} answers take {{ $value | humanizeDuration }}",
            description="One answer in a hundred is later than 0.3 s: access points give up and ask again.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusIndexBehind",
            expr="kolco_radius_index_age_seconds > 300",
            hold="2m",
            severity="ticket",
            summary="RADIUS has not heard of changes for {{ $value | humanizeDuration }}",
            description="Who may log in is as it was then: the database or the bus is away. Logins go on.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusIndexIncomplete",
            expr="kolco_radius_index_complete == 0",
            hold="15m",
            severity="ticket",
            summary="RADIUS asks the database at logins",
            description="Its account index is not complete: it is made anew, or cannot be; the log says why.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusWorkerDies",
            expr="increase(kolco_radius_worker_deaths_total[15m]) > 2",
            hold="0s",
            severity="ticket",
            summary="RADIUS worker {{ $labels.worker }} dies again and again",
            description="It is started again each time, and the others answer meanwhile; its log says why.",
            command="kolco radius watch",
        ),
        Alert(
            alert="RadiusDatagramsLost",
            expr="sum by (port) (increase(kolco_radius_kernel_drops[10m])) > 0",
            hold="5m",
            severity="ticket",
            summary="The kernel throws RADIUS {{ $labels.port }} datagrams away",
            description="{{ $value | humanize }} in ten minutes: there is more to answer than is answered.",
            command="kolco radius watch",
        ),
        Alert(
            alert="RadiusAccountingNotStored",
            expr="sum by (reason) (rate(kolco_radius_journal_not_stored_total[5m])) > 0",
            hold="1m",
            severity="page",
            summary="RADIUS cannot keep accounting: {{ $labels.reason }}",
            description="Nothing is acknowledged; access points keep it for some minutes, then it is lost.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusAccountingBehind",
            expr="kolco_radius_journal_backlog_age_seconds > 300",
            hold="5m",
            severity="ticket",
            summary="Accounting reaches the database {{ $value | humanizeDuration }} late",
            description="It is safe on disk, but sessions and quotas lag: the database is slow or away.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusRecordsSetAside",
            expr="sum by (kind) (increase(kolco_radius_journal_set_aside_total[1h])) > 0",
            hold="0s",
            severity="ticket",
            summary="RADIUS records of kind {{ $labels.kind }} could not be applied",
            description="{{ $value | humanize }} in an hour; the table radius_set_aside has them and why.",
            command="kolco doctor",
        ),
    ),
)
